import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { kafkaListener } from '../../src/kafka/kafka-listener.ts'
import type { KafkaListener } from '../../src/kafka/kafka-listener.ts'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import { runPipeline } from '../../src/pipeline/run-pipeline.ts'
import { faultySink } from '../../src/testing/index.ts'
import type { FaultySink } from '../../src/testing/index.ts'
import { fillTopic } from '../support/fill-topic.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { kafkaServers, temporaryTopic } from '../support/kafka.ts'
import { KafkaReaders } from '../support/kafka-readers.ts'
import { groupOffsets } from '../support/kafka-offsets.ts'
import { ReadPartitions } from '../support/read-partitions.ts'
import { times } from '../support/soak.ts'
import { eventually } from '../support/wait.ts'

const newGroup = (): string => `test-group-${randomBytes(6).toString('hex')}`

describe('a consumer group', () => {
  test('three readers of six partitions, killed, stopped and added while rows come: every row, and nothing committed ahead', async (context) => {
    const partitions = 6
    await using topic = await temporaryTopic({ partitions })
    await using readers = new KafkaReaders({ topic: topic.name, group: newGroup(), partitions })
    await readers.feed(600)
    let members = [readers.start(), readers.start(), readers.start()]
    await readers.until(() => readers.written > 0)
    for (let n = 0; n < times(3, 30); n++) {
      const [first, ...others] = members
      const before = readers.written
      const feeding = readers.feed(2_400)
      await readers.until(() => readers.written > before + 100)
      await (n % 3 === 1 ? readers.stop(first!) : readers.kill(first!))
      await feeding
      await readers.assertNothingAhead()
      members = [...others, readers.start()]
      await readers.feed(600)
      await readers.until(() => readers.missing < 600)
    }
    await readers.until(() => readers.missing === 0)
    await readers.until(async () => (await readers.committed()) === readers.fed)
    for (const member of members) await readers.stop(member)
    await readers.assertNothingAhead()
    context.diagnostic(`${readers.fed} rows, ${readers.written} lines`)
  })

  /** Reads into a sink, with a short session. */
  function read(
    topic: string,
    sink: FaultySink,
  ): { listener: KafkaListener; said: () => string[]; ended: Promise<void> } {
    const { logger, lines } = heardLogger()
    const listener = kafkaListener({
      servers: kafkaServers().address.PLAINTEXT,
      topic,
      groupId: newGroup(),
      sessionTimeoutMs: 3_000,
      logger,
    })
    const closed = new Promise((resolve) => listener.once('close', resolve))
    const processor = checkpointed(sink.writable({ highWaterMark: 1 }), listener.checkpointer)
    const ended = runPipeline({ listener, processor }).finally(() => closed)
    ended.catch(() => undefined)
    return { listener, said: () => lines.map(({ message }) => message), ended }
  }

  test('a processor that takes longer than the session keeps its membership', async () => {
    await using topic = await temporaryTopic()
    await fillTopic(kafkaServers(), topic.name, { messages: 3_000, partitions: 1 })
    const sink = faultySink({ held: true })
    const { listener, said, ended } = read(topic.name, sink)
    await eventually(() => sink.waiting > 0)
    // several sessions long
    await new Promise((resolve) => setTimeout(resolve, 9_000))
    sink.release()
    await eventually(() => sink.stored.length >= 3_000)
    listener.stop()
    await ended
    assert.equal(said().filter((message) => message.includes('gave out its partitions')).length, 1)
    assert.equal(sink.stored.length, 3_000, 'nothing came again')
    assert.deepEqual(new ReadPartitions(sink.stored).problems, [])
  })

  test('memory stays bounded while nobody takes what is read', async (context) => {
    await using topic = await temporaryTopic({ partitions: 4 })
    const body = 'x'.repeat(100_000)
    const messages = 1_200
    await fillTopic(kafkaServers(), topic.name, { messages, partitions: 4, body })
    const sink = faultySink({ held: true })
    const used = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
    const before = used()
    const { listener, ended } = read(topic.name, sink)
    await eventually(() => sink.waiting > 0 && listener.readableLength > 0)
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    await eventually(() =>
      assert.ok(used() - before < 80e6, `${Math.round((used() - before) / 1e6)} MB more`),
    )
    context.diagnostic(
      `${Math.round((used() - before) / 1e6)} MB more, of ${Math.round((messages * body.length) / 1e6)} MB`,
    )
    sink.release()
    await eventually(() => sink.stored.length === messages, { timeoutMs: 60_000 })
    listener.stop()
    await ended
  })

  test('a second member that comes while rows are on their way takes over without a gap', async () => {
    await using topic = await temporaryTopic({ partitions: 2 })
    const groupId = newGroup()
    await fillTopic(kafkaServers(), topic.name, { messages: 2_000, partitions: 2 })
    const sink = faultySink({ delayMs: 5 })
    const open = (): { listener: KafkaListener; ended: Promise<void> } => {
      const listener = kafkaListener({
        servers: kafkaServers().address.PLAINTEXT,
        topic: topic.name,
        groupId,
        sessionTimeoutMs: 3_000,
      })
      const closed = new Promise((resolve) => listener.once('close', resolve))
      const processor = checkpointed(sink.writable({ highWaterMark: 5 }), listener.checkpointer)
      return { listener, ended: runPipeline({ listener, processor }).finally(() => closed) }
    }
    const first = open()
    await eventually(() => sink.stored.length > 100)
    const second = open()
    await eventually(() => new ReadPartitions(sink.stored).total === 2_000, { timeoutMs: 60_000 })
    await eventually(async () => {
      const offsets = await groupOffsets(kafkaServers(), groupId, topic.name)
      assert.deepEqual([...offsets.values()], [1_000, 1_000])
    })
    for (const { listener, ended } of [first, second]) {
      listener.stop()
      await ended
    }
  })
})
