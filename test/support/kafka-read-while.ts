import assert from 'node:assert/strict'
import { kafkaListener } from '../../src/kafka/kafka-listener.ts'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import { runPipeline } from '../../src/pipeline/run-pipeline.ts'
import { faultySink } from '../../src/testing/index.ts'
import type { KafkaServers } from '../services/kafka-servers.ts'
import { fillTopic } from './fill-topic.ts'
import { temporaryTopic } from './kafka.ts'
import { groupOffsets } from './kafka-offsets.ts'
import { ReadPartitions } from './read-partitions.ts'
import { eventually } from './wait.ts'

/** Short, so that a broker that does not answer is given up soon. */
const requestTimeoutMs = 3_000

/** Resolves when more has arrived than there was. */
export type Moved = () => Promise<void>

export interface ReadTopic {
  readonly topic: string
  readonly moved: Moved
  /** What the group has committed was stored by the sink before. */
  readonly assertNothingAhead: () => Promise<void>
}

/** Reads a topic of two partitions into a slow sink while something breaks; then compares with what was written. */
export async function readKafkaWhile(
  where: { servers: KafkaServers; address: string; replicas?: readonly number[][] },
  breakIt: (read: ReadTopic) => Promise<void>,
): Promise<string> {
  const { servers, address, replicas } = where
  await using topic = await temporaryTopic({ servers, ...(replicas ? { replicas } : { partitions: 2 }) })
  let messages = 0
  const groupId = `group-of-${topic.name}`
  const sink = faultySink({ delayMs: 20 })
  const listener = kafkaListener({
    servers: address,
    requestTimeoutMs,
    topic: topic.name,
    groupId,
    sessionTimeoutMs: 6_000,
  })
  const processor = checkpointed(sink.writable({ highWaterMark: 20 }), listener.checkpointer)
  const closed = new Promise((resolve) => listener.once('close', resolve))
  const ended = runPipeline({ listener, processor })
  ended.catch(() => undefined)
  const moved = async (): Promise<void> => {
    const before = sink.stored.length
    await fillTopic(servers, topic.name, { messages: 300, partitions: 2, from: messages + 1 })
    messages += 300
    const look = (): boolean => sink.stored.length > before + 50
    await Promise.race([eventually(look, { about: 'More messages', timeoutMs: 90_000 }), ended])
  }
  const assertNothingAhead = async (): Promise<void> => {
    const committed = await groupOffsets(servers, groupId, topic.name)
    const stored = new ReadPartitions(sink.stored)
    for (const [partition, offset] of committed) {
      assert.ok(offset <= stored.next(partition), 'nothing is committed ahead')
    }
  }
  await moved()
  await breakIt({ topic: topic.name, moved, assertNothingAhead })
  const all = (): boolean => new ReadPartitions(sink.stored).total === messages
  await Promise.race([eventually(all, { about: 'The last message', timeoutMs: 90_000 }), ended])
  await eventually(
    async () => {
      const read = new ReadPartitions(sink.stored)
      const offsets = await groupOffsets(servers, groupId, topic.name)
      for (const [partition, offset] of offsets) assert.equal(offset, read.next(partition))
    },
    { about: 'The commit of the last message', timeoutMs: 60_000 },
  )
  listener.stop()
  await ended
  await closed

  const read = new ReadPartitions(sink.stored)
  assert.deepEqual(read.problems, [])
  assert.equal(read.total, messages)
  return `${sink.stored.length} deliveries of ${messages} messages`
}
