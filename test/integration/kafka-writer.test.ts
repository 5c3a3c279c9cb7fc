import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { kafkaWriter } from '../../src/kafka/kafka-writer.ts'
import type { KafkaWriter, KafkaWriterOptions } from '../../src/kafka/kafka-writer.ts'
import { partitionForKey } from '../../src/kafka/partition-for-key.ts'
import type { Checkpointer } from '../../src/pipeline/contracts.ts'
import { WireJsonReader } from '../../src/wal/read-wire-json.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { deleteTopic, kafkaServers, temporaryTopic } from '../support/kafka.ts'
import { postgresSources } from '../support/postgres.ts'
import { readTopic } from '../support/read-topic.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'
import { watchTopic } from '../support/watch-topic.ts'

const writerTo =
  (options: Partial<KafkaWriterOptions> & { topic: string }) =>
  (checkpointer: Checkpointer): KafkaWriter =>
    kafkaWriter({ servers: kafkaServers().address.PLAINTEXT, ...options, checkpointer })

describe('writing to Kafka', { concurrency: 2 }, () => {
  for (const source of postgresSources()) {
    test(`${source.label}: rows and DDL arrive once, under their keys, in order; then the slot is confirmed`, async () => {
      await using database = await preparedDatabase(source)
      await using topic = await temporaryTopic({ partitions: 3 })
      await using stream = openStream(database, {
        processor: writerTo({ topic: topic.name, key: 'primary_key' }),
      })
      await stream.changesOf(`
        create table t (id int primary key, name text);
        insert into t select i, 'row ' || i from generate_series(1, 500) i;
        update t set name = 'changed' where id % 2 = 0;
        update t set id = 1001 where id = 1;
        delete from t where id = 3;
        create table other (id int);
        truncate t`)
      await stream.stop()
      const last = stream.events.findLast((event) => event.kind === 'truncate')!
      assert.ok((await confirmedLsn(database)) > last.commitLsn)

      const messages = (await readTopic(topic.name)).filter(({ key }) => key !== null)
      const reader = new WireJsonReader()
      const events = messages.map(({ value }) => reader.read(value!.toString(), null))
      const kinds = (key: string): string[] =>
        events.filter((_event, i) => messages[i]!.key!.toString() === key).map(({ kind }) => kind)
      assert.deepEqual(kinds('public'), ['schema-change', 'schema-change'])
      assert.deepEqual(kinds('public.t'), ['truncate', 'truncate', 'truncate'])
      assert.deepEqual(kinds('public.t[1]'), ['insert', 'delete'])
      assert.deepEqual(kinds('public.t[1001]'), ['insert'])
      assert.deepEqual(kinds('public.t[2]'), ['insert', 'update'])
      assert.deepEqual(kinds('public.t[3]'), ['insert', 'delete'])
      assert.equal(messages.length, 2 + 3 + 500 + 250 + 2 + 1)
      for (const { key, partition, headers } of messages) {
        if (key!.toString() !== 'public.t') assert.equal(partition, partitionForKey(key!, 3))
        assert.equal(headers['content-type'], 'application/json')
        assert.match(headers['pgstream-lsn']!, /^[\dA-F]+\/[\dA-F]+$/)
      }
    })
  }

  const [server] = postgresSources()

  test('a topic that is missing ends the stream with the remedy, or is made', async () => {
    await using database = await preparedDatabase(server!)
    await using missing = await temporaryTopic()
    const name = `${missing.name}-made`
    {
      await using stream = openStream(database, { processor: writerTo({ topic: name }) })
      await assert.rejects(stream.ended, { code: 'PGSTREAM_KAFKA_TOPIC', message: new RegExp(name) })
    }
    {
      const processor = writerTo({ topic: name, autoCreate: true, replicationFactor: 3 })
      await using stream = openStream(database, { processor })
      const expected = {
        code: 'PGSTREAM_KAFKA_TOPIC',
        message: /[Rr]eplication/,
        remedy: /REPLICATION_FACTOR/,
      }
      await assert.rejects(stream.ended, expected)
    }
    await using made = { [Symbol.asyncDispose]: async () => deleteTopic(kafkaServers(), name) }
    await using stream = openStream(database, {
      processor: writerTo({ topic: name, autoCreate: true, topicPartitions: 2 }),
    })
    await stream.changesOf('create table t (id int); insert into t values (1)')
    await stream.stop()
    assert.ok(made)
    assert.ok((await readTopic(name)).length >= 2)
  })

  test('a batch that is too large for the topic is sent in pieces; a single change stops the stream, or is kept', async () => {
    await using database = await preparedDatabase(server!)
    await using topic = await temporaryTopic({ config: { 'max.message.bytes': '20000' } })
    const names = (messages: readonly { value: Buffer | null }[]): string[] =>
      messages.flatMap(({ value }) => /"value":"(\w+ \d+)/.exec(value!.toString())?.[1] ?? [])
    await database.query('create table t (id int, name text)')
    await database.query(
      `insert into t select i, 'small ' || i || ' ' || repeat('x', 1000) from generate_series(1, 100) i`,
    )
    {
      await using stream = openStream(database, { processor: writerTo({ topic: topic.name }) })
      await stream.changesOf('select 1')
      await stream.stop()
    }
    assert.deepEqual(
      names(await readTopic(topic.name)),
      Array.from({ length: 100 }, (_, i) => `small ${i + 1}`),
    )
    await database.query(`insert into t values (101, 'large 101 ' || repeat('x', 30000)), (102, 'after 102')`)
    {
      await using stream = openStream(database, { processor: writerTo({ topic: topic.name }) })
      await assert.rejects(stream.ended, {
        code: 'PGSTREAM_KAFKA_MESSAGE_TOO_LARGE',
        message: /a change of "public"\."t", of 3\d{4} bytes, at LSN [\dA-F]+\/[\dA-F]+\.$/,
      })
    }
    const deadLetters = `${topic.name}.dead-letters`
    await using kept = { [Symbol.asyncDispose]: async () => deleteTopic(kafkaServers(), deadLetters) }
    const { logger, lines } = heardLogger()
    await using stream = openStream(database, {
      processor: writerTo({ topic: topic.name, oversize: 'dead-letter', logger }),
    })
    await stream.changesOf('select 1')
    await stream.stop()
    assert.ok(kept)
    assert.equal(names(await readTopic(topic.name)).at(-1), 'after 102')
    const [letter, ...others] = await readTopic(deadLetters)
    assert.deepEqual(others, [])
    assert.match(letter!.value!.toString(), /large 101 x/)
    assert.equal(letter!.headers['pgstream-topic'], topic.name)
    assert.match(letter!.headers['pgstream-error']!, /larger|too large/i)
    assert.ok(lines.some(({ level, fields }) => level === 'error' && fields['topic'] === deadLetters))
  })

  test('what a broker refuses is one clear error at the start', async () => {
    const { address, caFile, username, password } = kafkaServers()
    await using database = await preparedDatabase(server!)
    const ca = readFileSync(caFile, 'utf8')
    const sasl = { mechanism: 'scram-sha-256', username, password } as const
    const refused: [string, string, Partial<KafkaWriterOptions>, RegExp?][] = [
      ['nobody listens', 'PGSTREAM_KAFKA_UNREACHABLE', { servers: ['127.0.0.1:1'] }],
      [
        'a wrong password',
        'PGSTREAM_KAFKA_REFUSED',
        { servers: [address.SASL_PLAINTEXT], sasl: { ...sasl, password: 'wrong' } },
      ],
      ['no login where one is wanted', 'PGSTREAM_KAFKA_UNREACHABLE', { servers: [address.SASL_PLAINTEXT] }],
      [
        'a certificate that nobody trusts',
        'PGSTREAM_KAFKA_UNREACHABLE',
        { servers: [address.SSL], tls: true },
      ],
      ['no TLS where it is wanted', 'PGSTREAM_KAFKA_UNREACHABLE', { servers: [address.SSL] }],
      [
        'a certificate that is none',
        'PGSTREAM_KAFKA_UNREACHABLE',
        { servers: [address.SSL], tls: { ca, cert: 'none', key: 'none' } },
        /certificates/,
      ],
      [
        'a login where none is wanted',
        'PGSTREAM_KAFKA_REFUSED',
        { servers: [address.PLAINTEXT], sasl },
        /takes none/,
      ],
      ['a name that is none', 'PGSTREAM_KAFKA_TOPIC', { topic: 'a b' }, /digits/],
    ]
    for (const [what, code, how, remedy = /./] of refused) {
      await using stream = openStream(database, {
        processor: writerTo({ topic: 't', ...how }),
      })
      await assert.rejects(stream.ended, (error: { code: string; message: string; remedy: string }) => {
        assert.equal(error.code, code, `${what}: ${error.message}`)
        assert.match(error.remedy, remedy)
        assert.ok(!`${error.message}${error.remedy}`.includes(password))
        return true
      })
    }
    await using topic = await temporaryTopic()
    for (const how of [
      { servers: [address.SASL_PLAINTEXT], sasl: { ...sasl, mechanism: 'plain' } },
      { servers: [address.SASL_SSL], sasl, tls: { ca }, compression: 'gzip' },
      { servers: [address.SSL], tls: { ca } },
    ] as Partial<KafkaWriterOptions>[]) {
      await using stream = openStream(database, {
        processor: writerTo({ topic: topic.name, ...how }),
      })
      await stream.changesOf('select 1')
      await stream.stop()
    }
    assert.ok((await readTopic(topic.name)).length >= 6)
  })

  test('a row of an idle stream is with the consumers at once, whatever the batch timeout', async (context) => {
    await using database = await preparedDatabase(server!)
    await using topic = await temporaryTopic()
    await using watch = await watchTopic(topic.name)
    await using stream = openStream(database, { processor: writerTo({ topic: topic.name }) })
    await stream.changesOf('create table t (id int)')
    const took: number[] = []
    for (let id = 0; id < 60; id++) {
      const from = performance.now()
      await database.query(`insert into t values (${id})`)
      const isSeen = (): boolean => watch.seen.at(-1)?.change.change === 'insert public.t ' + String(id)
      await eventually(isSeen, { every: 1 })
      took.push(watch.seen.at(-1)!.at - from)
      await pause(20)
    }
    took.sort((one, other) => one - other)
    const [quick, median] = [took[0]!, took[30]!]
    context.diagnostic(`from before the insert to the consumer: ${median.toFixed(1)} ms at the median`)
    // a busy machine delays some of them; a timer would delay all
    assert.ok(quick < 20, `${quick} ms`)
    await stream.stop()
  })
})
