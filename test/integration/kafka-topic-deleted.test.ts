import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { kafkaListener } from '../../src/kafka/kafka-listener.ts'
import type { KafkaListener } from '../../src/kafka/kafka-listener.ts'
import { kafkaWriter } from '../../src/kafka/kafka-writer.ts'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import type { Checkpointer } from '../../src/pipeline/contracts.ts'
import { runPipeline } from '../../src/pipeline/run-pipeline.ts'
import { faultySink } from '../../src/testing/index.ts'
import type { FaultySink } from '../../src/testing/index.ts'
import { fillTopic } from '../support/fill-topic.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { deleteTopic, kafkaServers, temporaryTopic } from '../support/kafka.ts'
import { postgresServers } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { readTopic } from '../support/read-topic.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import type { TestStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'

const servers = (): string => kafkaServers().address.PLAINTEXT

describe('a topic that is deleted while it is used', { concurrency: 4 }, () => {
  const [server] = postgresServers()

  function write(database: TemporaryDatabase, topic: string): TestStream & { said: () => string[] } {
    const { logger, lines } = heardLogger()
    const processor = (checkpointer: Checkpointer): ReturnType<typeof kafkaWriter> =>
      kafkaWriter({ servers: servers(), topic, checkpointer, logger })
    return { ...openStream(database, { processor }), said: () => lines.map(({ message }) => message) }
  }

  const insert = (database: TemporaryDatabase, from: number, to: number): Promise<unknown> =>
    database.query(`insert into t select i, 'row' from generate_series(${from}, ${to}) i`)

  async function idsIn(topic: string): Promise<number[]> {
    const messages = await readTopic(topic)
    return messages.flatMap(({ value }) => {
      const id = /"name":"id","type":"integer","value":(\d+)/.exec(value!.toString())?.[1]
      return id === undefined ? [] : [Number(id)]
    })
  }

  const numbers = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i)

  test('a writer goes on when it is made anew, with everything that was not stored', async () => {
    await using database = await preparedDatabase(server!)
    await database.query('create table t (id int, name text)')
    const topic = await temporaryTopic()
    await using stream = write(database, topic.name)
    await insert(database, 1, 100)
    await eventually(async () => assert.deepEqual(await idsIn(topic.name), numbers(1, 100)))
    await topic[Symbol.asyncDispose]()
    await insert(database, 101, 200)
    await insert(database, 201, 300)
    await eventually(() => stream.said().some((text) => text.includes('Trying again')))
    await using anew = await temporaryTopic({ name: topic.name })
    await eventually(async () => assert.deepEqual(await idsIn(anew.name), numbers(101, 300)))
    await insert(database, 301, 400)
    await eventually(async () => assert.deepEqual(await idsIn(anew.name), numbers(101, 400)))
    await stream.stop()
  })

  test('a writer ends with the remedy when it stays away; started again, nothing is missing', async () => {
    await using database = await preparedDatabase(server!)
    await database.query('create table t (id int, name text)')
    const topic = await temporaryTopic()
    {
      await using stream = write(database, topic.name)
      await insert(database, 1, 100)
      await eventually(async () => assert.deepEqual(await idsIn(topic.name), numbers(1, 100)))
      await topic[Symbol.asyncDispose]()
      await insert(database, 101, 200)
      await assert.rejects(stream.ended, { code: 'PGSTREAM_KAFKA_TOPIC', message: /is not there any more/ })
    }
    await using anew = await temporaryTopic({ name: topic.name })
    await using stream = write(database, anew.name)
    const all = async (): Promise<void> => {
      const ids = await idsIn(anew.name)
      assert.deepEqual(ids.slice(-100), numbers(101, 200))
    }
    await eventually(all)
    await stream.stop()
  })

  interface Reading extends AsyncDisposable {
    readonly listener: KafkaListener
    readonly sink: FaultySink
    readonly ended: Promise<void>
    readonly said: () => string[]
  }

  function read(topic: string): Reading {
    const sink = faultySink()
    const { logger, lines } = heardLogger()
    const groupId = `group-of-${topic}`
    const listener = kafkaListener({ servers: servers(), topic, groupId, sessionTimeoutMs: 6_000, logger })
    const closed = new Promise((resolve) => listener.once('close', resolve))
    const ended = runPipeline({
      listener,
      processor: checkpointed(sink.writable(), listener.checkpointer),
    }).finally(() => closed)
    ended.catch(() => undefined)
    return {
      listener,
      sink,
      ended,
      said: () => lines.map(({ message }) => message),
      [Symbol.asyncDispose]: async () => {
        listener.destroy()
        await ended.catch(() => undefined)
      },
    }
  }

  const read100 = { messages: 100, partitions: 1 }

  const idsOf = (sink: FaultySink): number[] =>
    sink.stored.map((event) => ('values' in event ? Number(event.values[0]) : 0))

  test('a reader begins at the begin of one that is made anew, also where it had still to commit', async () => {
    const topic = await temporaryTopic()
    await fillTopic(kafkaServers(), topic.name, read100)
    await using reading = read(topic.name)
    const { sink, listener, ended, said } = reading
    await eventually(() => sink.stored.length === 100)
    await topic[Symbol.asyncDispose]()
    await eventually(() => said().some((text) => text.includes('Trying again')))
    await using anew = await temporaryTopic({ name: topic.name })
    // more than the old one had: where that ended is a place of this one, too
    await fillTopic(kafkaServers(), anew.name, { messages: 300, partitions: 1, from: 1_001 })
    const seen = (): void => assert.deepEqual(idsOf(sink).slice(100), numbers(1_001, 1_300))
    await Promise.race([eventually(seen, { timeoutMs: 60_000 }), ended])
    listener.stop()
    await ended
  })

  test('a reader that has not heard of it ends with the remedy when the topic ends before its place', async () => {
    const topic = await temporaryTopic()
    await fillTopic(kafkaServers(), topic.name, read100)
    await using reading = read(topic.name)
    await eventually(() => reading.sink.stored.length === 100)
    await topic[Symbol.asyncDispose]()
    await using anew = await temporaryTopic({ name: topic.name })
    await fillTopic(kafkaServers(), anew.name, { messages: 10, partitions: 1, from: 1_001 })
    let hasEnded = false
    const ended = assert.rejects(reading.ended, { code: 'PGSTREAM_KAFKA_OFFSET_LOST' })
    // it heard of it after all where the new one was slow to come, and reads that
    const seen = (): void =>
      assert.ok(hasEnded || idsOf(reading.sink).slice(100).join() === numbers(1_001, 1_010).join())
    await Promise.race([eventually(seen, { timeoutMs: 60_000 }), ended.finally(() => (hasEnded = true))])
  })

  test('a reader ends with the remedy when it stays away', async () => {
    const topic = await temporaryTopic()
    await fillTopic(kafkaServers(), topic.name, read100)
    await using reading = read(topic.name)
    await eventually(() => reading.sink.stored.length === 100)
    await deleteTopic(kafkaServers(), topic.name)
    await topic[Symbol.asyncDispose]()
    await assert.rejects(reading.ended, {
      code: 'PGSTREAM_KAFKA_TOPIC',
      message: /is not there any more/,
    })
  })
})
