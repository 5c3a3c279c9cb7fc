import { randomBytes } from 'node:crypto'
import type { KafkaMessage } from 'kafkajs'
import { WireJsonReader } from '../../src/wal/read-wire-json.ts'
import { kafkaClient } from '../services/kafka-client.ts'
import { kafkaServers } from './kafka.ts'
import { namedChange } from './writers/change-of-event.ts'
import type { NamedChange } from './writers/judge-lives.ts'

/** A message, and who wrote it: each process is another producer, or a later epoch of the same. */
export interface SeenChange {
  readonly producer: string
  readonly change: NamedChange
  /** When it was read, as `performance.now()` says it. */
  readonly at: number
}

export interface TopicWatch extends AsyncDisposable {
  /** Everything in the topic of one partition so far. */
  readonly seen: readonly SeenChange[]
}

/** Reads a topic as it is written, by a group of its own. */
export async function watchTopic(topic: string): Promise<TopicWatch> {
  const seen: SeenChange[] = []
  const reader = new WireJsonReader()
  const groupId = `test-watch-${randomBytes(6).toString('hex')}`
  const kafka = kafkaClient(kafkaServers())
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, retry: { retries: 20 } })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ message }) => {
      const { batchContext } = message as KafkaMessage & {
        batchContext: { producerId: string; producerEpoch: number }
      }
      const producer = `${batchContext.producerId}/${batchContext.producerEpoch}`
      const change = namedChange(reader.read(message.value!.toString(), null))
      seen.push({ producer, change, at: performance.now() })
      return Promise.resolve()
    },
  })
  return {
    seen,
    [Symbol.asyncDispose]: async () => {
      await consumer.disconnect()
      const admin = kafka.admin()
      await admin.connect()
      await admin.deleteGroups([groupId]).finally(() => admin.disconnect())
    },
  }
}
