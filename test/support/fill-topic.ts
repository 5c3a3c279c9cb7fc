import { encodeWireJson } from '../../src/wal/wire-json.ts'
import { kafkaClient } from '../services/kafka-client.ts'
import type { KafkaServers } from '../services/kafka-servers.ts'
import { insert } from './events.ts'

export interface Filling {
  readonly messages: number
  readonly partitions: number
  /** The number of the first; 1 if not given. */
  readonly from?: number
  /** The other column. */
  readonly body?: string
}

/** Writes inserts with the ids 1, 2, … to the partitions in turn, without any of our own code but the JSON. */
export async function fillTopic(
  servers: KafkaServers,
  topic: string,
  { messages, partitions, from = 1, body }: Filling,
): Promise<void> {
  const createPartitioner =
    () =>
    ({ message }: { message: { partition?: number } }): number =>
      message.partition ?? 0
  const producer = kafkaClient(servers, 'SASL_PLAINTEXT').producer({ createPartitioner })
  await producer.connect()
  try {
    const atOnce = body === undefined ? 1_000 : partitions
    for (let id = from; id < from + messages; id += atOnce) {
      const ids = Array.from({ length: Math.min(atOnce, from + messages - id) }, (_, n) => id + n)
      const batch = ids.map((n) => ({ partition: n % partitions, value: encodeWireJson(insert(n, body)) }))
      await producer.send({ topic, messages: batch })
    }
  } finally {
    await producer.disconnect()
  }
}
