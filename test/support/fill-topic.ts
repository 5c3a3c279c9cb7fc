import { encodeWireJson } from '../../src/wal/wire-json.ts'
import { kafkaClient } from '../services/kafka-client.ts'
import type { KafkaServers } from '../services/kafka-servers.ts'
import { insert } from './events.ts'

export interface Filling {
  readonly messages: number
  readonly partitions: number
  /** The number of the first; 1 if not given. */
  readonly from?: number
}

/** Writes inserts with the ids 1, 2, … to the partitions in turn, without any of our own code but the JSON. */
export async function fillTopic(
  servers: KafkaServers,
  topic: string,
  { messages, partitions, from = 1 }: Filling,
): Promise<void> {
  const createPartitioner =
    () =>
    ({ message }: { message: { partition?: number } }): number =>
      message.partition ?? 0
  const producer = kafkaClient(servers, 'SASL_PLAINTEXT').producer({ createPartitioner })
  await producer.connect()
  try {
    for (let id = from; id < from + messages; id += 1_000) {
      const ids = Array.from({ length: Math.min(1_000, from + messages - id) }, (_, n) => id + n)
      const batch = ids.map((n) => ({ partition: n % partitions, value: encodeWireJson(insert(n)) }))
      await producer.send({ topic, messages: batch })
    }
  } finally {
    await producer.disconnect()
  }
}
