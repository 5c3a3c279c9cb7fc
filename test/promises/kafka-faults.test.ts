import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { kafkaListener } from '../../src/kafka/kafka-listener.ts'
import { kafkaWriter } from '../../src/kafka/kafka-writer.ts'
import type { KafkaWriterOptions } from '../../src/kafka/kafka-writer.ts'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import { fanOut } from '../../src/pipeline/fan-out.ts'
import type { MakeSink } from '../../src/pipeline/fan-out.ts'
import { runPipeline } from '../../src/pipeline/run-pipeline.ts'
import { faultySink } from '../../src/testing/index.ts'
import { faultyKafka } from '../support/faulty-kafka.ts'
import type { FaultyKafka } from '../support/faulty-kafka.ts'
import { temporaryTopic } from '../support/kafka.ts'
import type { KafkaFault } from '../support/kafka-proxy.ts'
import { postgresServers } from '../support/postgres.ts'
import { groupOffsets, topicEnd } from '../support/kafka-offsets.ts'
import { fillTopic } from '../support/fill-topic.ts'
import { ReadPartitions } from '../support/read-partitions.ts'
import { readTopic } from '../support/read-topic.ts'
import { seed, times } from '../support/soak.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'
import { kafkaChanges } from '../support/writers/kafka-changes.ts'
import type { StoredChange } from '../support/writers/kafka-changes.ts'
import { openHistory } from '../support/writers/history.ts'
import { LivesJudge } from '../support/writers/judge-lives.ts'
import { startWriters } from '../support/writers/start-writers.ts'

/** Short, so that a broker that does not answer is given up soon. */
const requestTimeoutMs = 3_000
const breaks = ['half', 'answer lost', 'silence', 'late'] as const
const readBreaks = ['half', 'answer lost', 'silence'] as const
const outageMs = times(3_000, 60_000)
const [server] = postgresServers()

describe('Kafka that breaks', () => {
  let kafka: FaultyKafka
  before(async () => void (kafka = await faultyKafka()))
  after(async () => kafka[Symbol.asyncDispose]())

  const strike = async (fault: KafkaFault, moved: () => Promise<unknown>): Promise<void> => {
    const [struck] = await Promise.all([kafka.proxy.faultNext(fault), moved()])
    await moved()
    if (fault.then === 'late') await struck.arrive()
  }

  type Moved = () => Promise<void>

  /** Writes to two topics, to one of them with all changes in one partition, while something breaks; then compares. */
  async function writeWhile(breakIt: (moved: Moved) => Promise<void>): Promise<string> {
    const { broker, proxy } = kafka
    const { servers } = broker
    await using total = await temporaryTopic({ servers })
    await using keyed = await temporaryTopic({ servers, partitions: 3 })
    await using database = await preparedDatabase(server!)
    const history = await openHistory(database)
    const sink =
      (options: Pick<KafkaWriterOptions, 'topic' | 'key' | 'compression'>): MakeSink =>
      (checkpointer) =>
        kafkaWriter({
          servers: proxy.address,
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
    await breakIt(moved)
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

  test('under load of a writer: every change is stored once and in order, however requests are lost', async (context) => {
    const said = await writeWhile(async (moved) => {
      for (let n = 0; n < times(1, 10); n++) {
        for (const then of breaks) await strike({ of: 'produce', then }, moved)
        kafka.proxy.cut()
        await moved()
      }
    })
    context.diagnostic(said)
  })

  test('under load of a writer: and when brokers are killed, or stopped for a time', async (context) => {
    const said = await writeWhile(async (moved) => {
      await kafka.broker.restart('crash')
      await moved()
      await kafka.broker.stop()
      await pause(outageMs)
      await kafka.broker.restart()
      await moved()
    })
    context.diagnostic(said)
  })

  test('under load of a reader: no message is passed over, whatever is lost; what is committed was stored before', async (context) => {
    const { broker, proxy } = kafka
    const { servers } = broker
    await using topic = await temporaryTopic({ servers, partitions: 2 })
    let messages = 0
    const groupId = `group-of-${topic.name}`
    const sink = faultySink({ delayMs: 20 })
    const listener = kafkaListener({
      servers: proxy.address,
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
      await Promise.race([eventually(look, { about: 'More messages', timeoutMs: 60_000 }), ended])
    }
    await moved()
    for (let n = 0; n < times(1, 10); n++) {
      for (const then of readBreaks) {
        await strike({ of: 'fetch', then }, moved)
        await strike({ of: 'commit', then }, moved)
      }
    }
    proxy.cut()
    await moved()
    await broker.stop('crash')
    await pause(outageMs)
    await broker.restart()
    const committed = await groupOffsets(servers, groupId, topic.name)
    const stored = new ReadPartitions(sink.stored)
    for (const [partition, offset] of committed) {
      assert.ok(offset <= stored.next(partition), 'nothing is committed ahead')
    }
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
    context.diagnostic(`${sink.stored.length} deliveries of ${messages} messages`)
    assert.deepEqual(read.problems, [])
    assert.equal(read.total, messages)
  })
})

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
