import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { kafkaWriter } from '../../src/kafka/kafka-writer.ts'
import type { KafkaWriter } from '../../src/kafka/kafka-writer.ts'
import { RunningCommand } from '../support/command.ts'
import { faultyKafka } from '../support/faulty-kafka.ts'
import type { FaultyKafka } from '../support/faulty-kafka.ts'
import { temporaryTopic } from '../support/kafka.ts'
import type { StruckRequest } from '../support/kafka-proxy.ts'
import { postgresServers } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { readTopic } from '../support/read-topic.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import type { TestStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'

describe('a request that arrives when its sender is dead, and has a successor', () => {
  let kafka: FaultyKafka
  before(async () => void (kafka = await faultyKafka()))
  after(async () => kafka[Symbol.asyncDispose]())

  /** What a reader of the topic has been told of the row, state after state. */
  async function states(topic: string): Promise<number[]> {
    const messages = await readTopic(topic, kafka.broker.servers)
    return messages.flatMap(({ value }) => {
      const found = /"name":"state","type":"integer","value":(\d+)/.exec(value!.toString())?.[1]
      return found === undefined ? [] : [Number(found)]
    })
  }

  const told = (topic: string, state: number): Promise<unknown> =>
    eventually(async () => (await states(topic)).at(-1) === state, {
      timeoutMs: 60_000,
      about: `State ${state}`,
    })

  const set = (database: TemporaryDatabase, state: number): Promise<unknown> =>
    database.query(`update t set state = ${state}`)

  async function newRow(): Promise<TemporaryDatabase> {
    const database = await preparedDatabase(postgresServers()[0]!)
    await database.query('create table t (id int primary key, state int); insert into t values (1, 1)')
    return database
  }

  /** The second state is on its way to the broker, and stays there. */
  async function strike(database: TemporaryDatabase): Promise<StruckRequest> {
    const struck = kafka.proxy.faultNext({ of: 'produce', then: 'late' })
    await set(database, 2)
    return struck
  }

  test('the command: it is refused, a reader never sees an older state behind a newer one', async () => {
    await using database = await newRow()
    await using topic = await temporaryTopic({ servers: kafka.broker.servers })
    const env = {
      PGSTREAM_KAFKA_SERVERS: kafka.proxy.address,
      PGSTREAM_KAFKA_TOPIC_NAME: topic.name,
    }
    const start = (): RunningCommand => new RunningCommand(['run', '--pgurl', database.url], { env })
    await using killed = start()
    await told(topic.name, 1)
    const request = await strike(database)
    killed.child.kill('SIGKILL')
    await killed.finished
    await set(database, 3)
    await using successor = start()
    await told(topic.name, 3)
    await request.arrive()
    await set(database, 4)
    await told(topic.name, 4)
    successor.child.kill('SIGTERM')
    const { code, stderr } = await successor.finished
    assert.equal(code, 0, stderr)
    const seen = await states(topic.name)
    assert.deepEqual(seen, seen.toSorted(), 'no state comes behind a later one')
    assert.doesNotMatch(stderr, /Writing without/)
  })

  const stream = (database: TemporaryDatabase, topic: string, transactionalId?: string): TestStream =>
    openStream(database, {
      processor: (checkpointer): KafkaWriter =>
        kafkaWriter({ servers: kafka.proxy.address, topic, transactionalId, checkpointer }),
    })

  test('a writer without a name keeps nobody out: the older state comes last', async () => {
    await using database = await newRow()
    await using topic = await temporaryTopic({ servers: kafka.broker.servers })
    await using killed = stream(database, topic.name)
    await told(topic.name, 1)
    const request = await strike(database)
    killed.listener.destroy()
    await assert.rejects(killed.ended)
    await set(database, 3)
    await using successor = stream(database, topic.name)
    await told(topic.name, 3)
    await request.arrive()
    await successor.stop()
    assert.deepEqual(await states(topic.name), [1, 2, 3, 2])
  })

  test('a writer that is alive and was succeeded ends with the remedy, and nothing of it is stored', async () => {
    await using first = await newRow()
    await using second = await newRow()
    await using topic = await temporaryTopic({ servers: kafka.broker.servers })
    await using succeeded = stream(first, topic.name, 'the same name')
    await told(topic.name, 1)
    await using successor = stream(second, topic.name, 'the same name')
    await set(second, 5)
    await told(topic.name, 5)
    await set(first, 6)
    await assert.rejects(succeeded.ended, { code: 'PGSTREAM_KAFKA_FENCED' })
    await set(second, 7)
    await told(topic.name, 7)
    await successor.stop()
    assert.ok(!(await states(topic.name)).includes(6))
  })
})
