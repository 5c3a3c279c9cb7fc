import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { kafkaListener } from '../../src/kafka/kafka-listener.ts'
import type { KafkaListener, KafkaListenerOptions } from '../../src/kafka/kafka-listener.ts'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import { runPipeline } from '../../src/pipeline/run-pipeline.ts'
import { faultySink } from '../../src/testing/index.ts'
import type { FaultySink } from '../../src/testing/index.ts'
import { kafkaClient } from '../services/kafka-client.ts'
import { fillTopic } from '../support/fill-topic.ts'
import { deleteTopic, kafkaServers, temporaryTopic } from '../support/kafka.ts'
import { groupOffsets } from '../support/kafka-offsets.ts'
import { readTopic } from '../support/read-topic.ts'
import { eventually } from '../support/wait.ts'

interface Reading extends AsyncDisposable {
  readonly listener: KafkaListener
  readonly sink: FaultySink
  readonly ended: Promise<void>
  stop(): Promise<void>
}

function read(options: Partial<KafkaListenerOptions> & { topic: string; groupId: string }): Reading {
  const sink = faultySink()
  const listener = kafkaListener({ servers: kafkaServers().address.PLAINTEXT, ...options })
  const closed = new Promise((resolve) => listener.once('close', resolve))
  const processor = checkpointed(sink.writable(), listener.checkpointer)
  const ended = runPipeline({ listener, processor }).finally(() => closed)
  ended.catch(() => undefined)
  return {
    listener,
    sink,
    ended,
    stop: async () => {
      listener.stop()
      await ended
    },
    [Symbol.asyncDispose]: async () => {
      listener.destroy()
      await ended.catch(() => undefined)
    },
  }
}

const newGroup = (): string => `test-group-${randomBytes(6).toString('hex')}`

describe('reading from Kafka', { concurrency: 2 }, () => {
  test('what is no event is kept among the dead letters with the reason, and reading goes on', async () => {
    const servers = kafkaServers()
    await using topic = await temporaryTopic()
    const deadLetters = `${topic.name}.dead-letters`
    await using kept = { [Symbol.asyncDispose]: async () => deleteTopic(servers, deadLetters) }
    assert.ok(kept)
    await fillTopic(servers, topic.name, { messages: 2, partitions: 1 })
    const producer = kafkaClient(servers).producer()
    await producer.connect()
    await producer.send({
      topic: topic.name,
      messages: [
        { key: 'k', value: 'no JSON', headers: { from: ['nowhere', 'elsewhere'] } },
        { key: 'tombstone', value: null },
        { value: '{"action":"X"}' },
        { value: Buffer.from([0xff, 0xfe, 0x00]) },
      ],
    })
    await producer.disconnect()
    await fillTopic(servers, topic.name, { messages: 2, partitions: 1, from: 3 })
    const groupId = newGroup()
    await using reading = read({ topic: topic.name, groupId })
    await eventually(() => reading.sink.stored.length === 4)
    await reading.stop()
    assert.deepEqual([...(await groupOffsets(servers, groupId, topic.name)).values()], [8])
    const letters = await readTopic(deadLetters)
    assert.deepEqual(
      letters.map(({ key, value }) => [key?.toString() ?? null, value?.toString('latin1') ?? null]),
      [
        ['k', 'no JSON'],
        ['tombstone', null],
        [null, '{"action":"X"}'],
        [null, '\u00ff\u00fe\u0000'],
      ],
    )
    assert.match(letters[0]!.headers['from']!, /elsewhere$/) // a name that is there twice
    for (const [i, { headers }] of letters.entries()) {
      assert.equal(headers['pgstream-topic'], topic.name)
      assert.equal(headers['pgstream-offset'], String(2 + i))
      assert.match(headers['pgstream-error']!, /^The message .+\.$/)
    }
  })

  test('a group whose next message was deleted ends with the remedy, and not somewhere else in the topic', async () => {
    const servers = kafkaServers()
    await using topic = await temporaryTopic()
    await fillTopic(servers, topic.name, { messages: 10, partitions: 1 })
    const groupId = newGroup()
    {
      await using reading = read({ topic: topic.name, groupId })
      await eventually(() => reading.sink.stored.length === 10)
      await reading.stop()
    }
    await fillTopic(servers, topic.name, { messages: 10, partitions: 1, from: 11 })
    const admin = kafkaClient(servers).admin()
    await admin.connect()
    await admin.fetchTopicOffsets(topic.name) // kafkajs knows of the topic then
    await admin.deleteTopicRecords({ topic: topic.name, partitions: [{ partition: 0, offset: '15' }] })
    await admin.disconnect()
    await using reading = read({ topic: topic.name, groupId })
    await assert.rejects(reading.ended, {
      code: 'PGSTREAM_KAFKA_OFFSET_LOST',
      message: /from offset 10 on.* is 15/,
    })
    assert.deepEqual([...(await groupOffsets(servers, groupId, topic.name)).values()], [10])
  })

  test('a session timeout that the brokers do not allow ends with the remedy', async () => {
    await using topic = await temporaryTopic()
    await using reading = read({ topic: topic.name, groupId: newGroup(), sessionTimeoutMs: 10_800_000 })
    await assert.rejects(reading.ended, {
      code: 'PGSTREAM_KAFKA_REFUSED',
      remedy: /PGSTREAM_KAFKA_READER_SESSION_TIMEOUT/,
    })
  })

  test('a topic with a compression that cannot be read ends with the remedy', async () => {
    for (const compression of ['lz4', 'snappy', 'zstd']) {
      await using topic = await temporaryTopic({ config: { 'compression.type': compression } })
      await fillTopic(kafkaServers(), topic.name, { messages: 10, partitions: 1 })
      await using reading = read({ topic: topic.name, groupId: newGroup() })
      await assert.rejects(reading.ended, { code: 'PGSTREAM_KAFKA_COMPRESSION' }, compression)
    }
  })

  test('transactions that were rolled back are not read, and their places are no gap', async () => {
    const servers = kafkaServers()
    await using topic = await temporaryTopic()
    const producer = kafkaClient(servers).producer({
      transactionalId: newGroup(),
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    await fillTopic(servers, topic.name, { messages: 1, partitions: 1 })
    const value = (await readTopic(topic.name))[0]!.value
    for (const end of ['commit', 'abort', 'abort', 'commit'] as const) {
      const transaction = await producer.transaction()
      await transaction.send({ topic: topic.name, messages: [{ value }, { value }] })
      await transaction[end]()
    }
    await producer.disconnect()
    const groupId = newGroup()
    await using reading = read({ topic: topic.name, groupId })
    await eventually(() => reading.sink.stored.length >= 5)
    await fillTopic(servers, topic.name, { messages: 1, partitions: 1, from: 2 })
    await eventually(() => reading.sink.stored.length >= 6)
    await reading.stop()
    assert.equal(reading.sink.stored.length, 6)
    assert.equal([...(await groupOffsets(servers, groupId, topic.name)).values()][0], 14)
  })

  test('from the latest on: what came after the first start is not lost with a reader that dies before it commits', async () => {
    const servers = kafkaServers()
    await using topic = await temporaryTopic({ partitions: 2 })
    await fillTopic(servers, topic.name, { messages: 10, partitions: 2 })
    const options = { topic: topic.name, groupId: newGroup(), startOffset: 'latest' } as const
    {
      await using reading = read(options)
      await eventually(async () => {
        const offsets = await groupOffsets(servers, options.groupId, topic.name)
        assert.deepEqual([...offsets.values()], [5, 5])
      })
      reading.sink.hold()
      await fillTopic(servers, topic.name, { messages: 10, partitions: 2, from: 11 })
      await eventually(() => reading.sink.waiting > 0)
    }
    await using reading = read(options)
    await eventually(() => reading.sink.stored.length >= 10)
    await reading.stop()
    const ids = reading.sink.stored.map((event) => ('values' in event ? Number(event.values[0]) : 0))
    assert.deepEqual(
      ids.sort((one, other) => one - other),
      [11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
    )
  })

  test('from the latest on: of partitions that the topic got since the group began, everything is read', async () => {
    const servers = kafkaServers()
    await using topic = await temporaryTopic()
    await fillTopic(servers, topic.name, { messages: 5, partitions: 1 })
    const options = { topic: topic.name, groupId: newGroup(), startOffset: 'latest' } as const
    {
      await using reading = read(options)
      await eventually(async () => (await groupOffsets(servers, options.groupId, topic.name)).get(0) === 5)
      await reading.stop()
    }
    const admin = kafkaClient(servers).admin()
    await admin.connect()
    await admin.createPartitions({ topicPartitions: [{ topic: topic.name, count: 2 }] })
    await eventually(async () => (await admin.fetchTopicOffsets(topic.name)).length === 2)
    await admin.disconnect()
    await fillTopic(servers, topic.name, { messages: 6, partitions: 2, from: 6 })
    await using reading = read(options)
    await eventually(() => reading.sink.stored.length === 6)
    await reading.stop()
  })
})
