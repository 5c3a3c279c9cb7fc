import type { Admin } from 'kafkajs'
import { kafkaClient } from '../services/kafka-client.ts'
import type { KafkaServers } from '../services/kafka-servers.ts'

/** By another way than the one that tests break. */
async function ask<T>(servers: KafkaServers, question: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafkaClient(servers, 'SASL_PLAINTEXT', { retry: { retries: 2 } }).admin()
  try {
    await admin.connect()
    return await question(admin)
  } finally {
    await admin.disconnect()
  }
}

/** How many messages all partitions of a topic have had. */
export async function topicEnd(servers: KafkaServers, topic: string): Promise<number> {
  const partitions = await ask(servers, (admin) => admin.fetchTopicOffsets(topic))
  return partitions.reduce((sum, { high }) => sum + Number(high), 0)
}

/** What a group has committed of each partition; -1 for nothing. */
export async function groupOffsets(
  servers: KafkaServers,
  groupId: string,
  topic: string,
): Promise<ReadonlyMap<number, number>> {
  const [found] = await ask(servers, (admin) => admin.fetchOffsets({ groupId, topics: [topic] }))
  return new Map(found!.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
}
