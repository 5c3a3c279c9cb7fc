import assert from 'node:assert/strict'
import { kafkaWriter } from '../../src/kafka/kafka-writer.ts'
import type { KafkaWriterOptions } from '../../src/kafka/kafka-writer.ts'
import { fanOut } from '../../src/pipeline/fan-out.ts'
import type { MakeSink } from '../../src/pipeline/fan-out.ts'
import type { KafkaServers } from '../services/kafka-servers.ts'
import { temporaryTopic } from './kafka.ts'
import { topicEnd } from './kafka-offsets.ts'
import type { Moved } from './kafka-read-while.ts'
import { postgresServers } from './postgres.ts'
import { readTopic } from './read-topic.ts'
import { seed } from './soak.ts'
import { preparedDatabase } from './source.ts'
import { openStream } from './stream.ts'
import { eventually } from './wait.ts'
import { kafkaChanges } from './writers/kafka-changes.ts'
import type { StoredChange } from './writers/kafka-changes.ts'
import { openHistory } from './writers/history.ts'
import { LivesJudge } from './writers/judge-lives.ts'
import { startWriters } from './writers/start-writers.ts'

/** Short, so that a broker that does not answer is given up soon. */
const requestTimeoutMs = 3_000

export interface WrittenTopics {
  /** More changes are stored, also of what waited when it was called. */
  readonly moved: Moved
  /** Every change in one partition. */
  readonly total: string
}

/**
 * Writes to two topics, to one of them with all changes in one partition, while something breaks; then compares them with
 * what was committed. `address` is where the writers go, `servers` are asked.
 */
export async function writeKafkaWhile(
  where: {
    servers: KafkaServers
    address: string
    /** The brokers of the partitions of both topics. */
    replicas?: { total: readonly number[][]; keyed: readonly number[][] }
  },
  breakIt: (topics: WrittenTopics) => Promise<void>,
): Promise<string> {
  const { servers, address, replicas } = where
  await using total = await temporaryTopic({ servers, ...(replicas && { replicas: replicas.total }) })
  await using keyed = await temporaryTopic({
    servers,
    ...(replicas ? { replicas: replicas.keyed } : { partitions: 3 }),
  })
  await using database = await preparedDatabase(postgresServers()[0]!)
  const history = await openHistory(database)
  const sink =
    (options: Pick<KafkaWriterOptions, 'topic' | 'key' | 'compression'>): MakeSink =>
    (checkpointer) =>
      kafkaWriter({
        servers: address,
        requestTimeoutMs,
        maxQueueBytes: 256 * 1024,
        batchSize: 100,
        ...options,
        checkpointer,
      })
  await using stream = openStream(database, {
    processor: (checkpointer) =>
      fanOut(checkpointer, [
        sink({ topic: total.name }),
        sink({ topic: keyed.name, key: 'primary_key', compression: 'gzip' }),
      ]),
  })
  await using writers = await startWriters(database, {
    seed,
    writers: 2,
    mostBehind: 500,
    lastXid: () => stream.events.findLast((event) => 'xid' in event)?.xid ?? null,
  })
  const moved = async (): Promise<void> => {
    const before = await topicEnd(servers, total.name)
    await eventually(async () => (await topicEnd(servers, total.name)) > before + 50, {
      about: 'More changes in the topic',
      timeoutMs: 90_000,
      every: 200,
    })
  }
  await moved()
  await breakIt({ moved, total: total.name })
  await writers.stop()
  const committed = await history.read()
  await eventually(async () => (await topicEnd(servers, total.name)) >= committed.length, {
    about: 'The last change in the topic',
    timeoutMs: 90_000,
  })
  await stream.stop()

  const stored = kafkaChanges(await readTopic(total.name, servers))
  const judge = new LivesJudge(committed)
  for (const { change } of stored) judge.line(change)
  assert.deepEqual(judge.problems.found, [])
  assert.equal(judge.written, committed.length)
  assert.equal(stored.length, committed.length, 'each is stored once')
  assertKeyed(kafkaChanges(await readTopic(keyed.name, servers)), stored)
  return `${stored.length} messages of ${committed.length} changes`
}

/** Each partition of copies is in commit order, they are of the same changes, and none is there twice. */
function assertKeyed(copies: readonly StoredChange[], stored: readonly StoredChange[]): void {
  const rank = new Map(stored.map(({ change }, i) => [change.name, i]))
  assert.deepEqual(new Set(copies.map(({ change }) => change.name)), new Set(rank.keys()))
  for (const [i, { partition, change }] of copies.entries()) {
    const next = copies[i + 1]
    if (next?.partition !== partition) continue
    assert.ok(rank.get(next.change.name)! >= rank.get(change.name)!, 'a partition is in commit order')
  }
  const once = new Set(
    copies.map(({ partition, key, change }) => `${partition} ${key ?? ''} ${change.name} ${change.change}`),
  )
  assert.equal(once.size, copies.length)
}
