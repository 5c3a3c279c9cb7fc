import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { kafkaListener } from '../../src/kafka/kafka-listener.ts'
import type { KafkaListener } from '../../src/kafka/kafka-listener.ts'
import { kafkaWriter } from '../../src/kafka/kafka-writer.ts'
import { runPipeline } from '../../src/pipeline/run-pipeline.ts'
import { RunningCommand } from '../support/command.ts'
import { faultyKafka } from '../support/faulty-kafka.ts'
import type { FaultyKafka } from '../support/faulty-kafka.ts'
import { fillTopic } from '../support/fill-topic.ts'
import { temporaryTopic } from '../support/kafka.ts'
import { readTopic } from '../support/read-topic.ts'
import { eventually } from '../support/wait.ts'

/** From the first to the last, both included. */
const numbers = (first: number, last: number, step = 1): number[] =>
  Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, n) => first + n * step)

describe('members of a group that copy a topic to another', () => {
  let kafka: FaultyKafka
  before(async () => void (kafka = await faultyKafka()))
  after(async () => kafka[Symbol.asyncDispose]())

  /** The ids of the rows that are in a topic of one partition. */
  async function idsIn(topic: string): Promise<number[]> {
    const messages = await readTopic(topic, kafka.broker.servers)
    return messages.map(({ value }) =>
      Number(/"name":"id","type":"integer","value":(\d+)/.exec(value!.toString())![1]),
    )
  }

  const told = (topic: string, last: number): Promise<unknown> =>
    eventually(async () => (await idsIn(topic)).at(-1) === last, {
      timeoutMs: 60_000,
      about: `Row ${last} at the end`,
    })

  async function twoTopics(
    partitions: number,
  ): Promise<
    { from: string; to: string } & AsyncDisposable & { fill: (first: number, last: number) => Promise<void> }
  > {
    const { servers } = kafka.broker
    const from = await temporaryTopic({ servers, partitions })
    const to = await temporaryTopic({ servers })
    return {
      from: from.name,
      to: to.name,
      fill: (first, last) =>
        fillTopic(servers, from.name, { messages: last - first + 1, partitions, from: first }),
      [Symbol.asyncDispose]: async () => {
        await from[Symbol.asyncDispose]()
        await to[Symbol.asyncDispose]()
      },
    }
  }

  function start({ from, to }: { from: string; to: string }): RunningCommand {
    const env = {
      PGSTREAM_KAFKA_SERVERS: kafka.proxy.address,
      PGSTREAM_KAFKA_TOPIC_NAME: from,
      PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID: `copy-of-${from}`,
      PGSTREAM_KAFKA_READER_SESSION_TIMEOUT: '2s',
      PGSTREAM_KAFKA_WRITER_TOPIC_NAME: to,
      PGSTREAM_KAFKA_WRITER_BATCH_SIZE: '10',
    }
    return new RunningCommand(['run'], { env })
  }

  async function stop(command: RunningCommand): Promise<void> {
    command.child.kill('SIGTERM')
    const { code, stderr } = await command.finished
    assert.equal(code, 0, stderr)
    assert.doesNotMatch(stderr, /Writing without/)
  }

  test('what a killed one still has on its way is refused once another has its partition', async () => {
    await using topics = await twoTopics(1)
    await topics.fill(1, 10)
    await using killed = start(topics)
    await told(topics.to, 10)
    const struck = kafka.proxy.faultNext({ of: 'produce', then: 'late' })
    await topics.fill(11, 20)
    const request = await struck
    killed.child.kill('SIGKILL')
    await killed.finished
    await using successor = start(topics)
    await told(topics.to, 20)
    await topics.fill(21, 30)
    await told(topics.to, 30)
    await request.arrive()
    await topics.fill(31, 31)
    await told(topics.to, 31)
    await stop(successor)
    const ids = await idsIn(topics.to)
    assert.deepEqual(ids.slice(ids.indexOf(21)), numbers(21, 31), 'no row comes behind a later one')
  })

  test('one that was suspended for longer than its session writes nothing over what came meanwhile, and goes on', async () => {
    await using topics = await twoTopics(1)
    await topics.fill(1, 10)
    await using suspended = start(topics)
    await told(topics.to, 10)
    await topics.fill(11, 3_000)
    await eventually(async () => (await idsIn(topics.to)).includes(11), { every: 1, timeoutMs: 60_000 })
    suspended.child.kill('SIGSTOP')
    await using successor = start(topics)
    await told(topics.to, 3_000)
    const before = await idsIn(topics.to)
    suspended.child.kill('SIGCONT')
    await eventually(() => suspended.stderr.match(/gave out its partitions/g)!.length > 1, {
      timeoutMs: 60_000,
    })
    await topics.fill(3_001, 3_100)
    await told(topics.to, 3_100)
    await Promise.all([stop(suspended), stop(successor)])
    const ids = await idsIn(topics.to)
    assert.equal(new Set(ids).size, 3_100)
    assert.deepEqual(ids.slice(0, before.length), before)
    const later = ids.slice(before.length)
    assert.deepEqual(later, numbers(later[0]!, 3_100), 'what comes behind goes on to the end, without a gap')
  })

  test('one that loses a partition with much of it on its way drops that, and delivers the rest', async () => {
    await using topics = await twoTopics(2)
    await topics.fill(1, 2_000)
    const open = (): { listener: KafkaListener; ended: Promise<void> } => {
      const listener = kafkaListener({
        servers: kafka.proxy.address,
        topic: topics.from,
        groupId: `copy-of-${topics.from}`,
        sessionTimeoutMs: 6_000,
      })
      const closed = new Promise((resolve) => listener.once('close', resolve))
      const { checkpointer } = listener
      const processor = kafkaWriter({
        servers: kafka.proxy.address,
        topic: topics.to,
        transactionalId: topics.from,
        requestTimeoutMs: 10_000,
        batchSize: 10,
        checkpointer,
      })
      const ended = runPipeline({ listener, processor }).finally(() => closed)
      ended.catch(() => undefined)
      return { listener, ended }
    }
    const struck = kafka.proxy.faultNext({ of: 'produce', then: 'late' })
    const first = open()
    await struck
    const second = open()
    // it has one of the two, while the first waits for an answer that does not come
    for (const messages of [1_000, 2_000])
      await eventually(async () => (await idsIn(topics.to)).length >= messages, { timeoutMs: 60_000 })
    for (const { listener, ended } of [first, second]) {
      listener.stop()
      await ended
    }
    const ids = await idsIn(topics.to)
    for (const rest of [0, 1]) {
      assert.deepEqual(
        ids.filter((id) => id % 2 === rest),
        numbers(rest === 0 ? 2 : 1, 2_000, 2),
        'each row of a partition once and in order',
      )
    }
  })
})
