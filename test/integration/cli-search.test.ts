import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { pgstream, RunningCommand } from '../support/command.ts'
import { deleteTopic, kafkaServers } from '../support/kafka.ts'
import { postgresServers } from '../support/postgres.ts'
import { searchSpace } from '../support/search.ts'
import type { SearchSpace } from '../support/search.ts'
import { findDocuments } from '../support/search-stream.ts'
import { preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

const sample = (name: string): string => new URL(`../../fixtures/${name}.env`, import.meta.url).pathname

const environment = ({ url, prefix }: SearchSpace): Record<string, string> => ({
  PGSTREAM_SEARCH_STORE_URL: url,
  PGSTREAM_SEARCH_INDEX_PREFIX: prefix,
})

async function eventuallyFound(space: SearchSpace, query: unknown, count: number): Promise<void> {
  await eventually(
    async () => {
      await space.ask('POST', `${space.prefix}*/_refresh`)
      assert.equal((await findDocuments(space, query)).length, count)
      return true
    },
    { every: 100, timeoutMs: 60_000 },
  )
}

test('the sample settings make an index of a database that had tables before, and go on after a restart', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!, {
    before: ({ query }) =>
      query(`create table items (id int primary key, name text); insert into items values (1, 'old')`),
  })
  await using space = searchSpace()
  const start = (): RunningCommand =>
    new RunningCommand(['run', '-c', sample('pg2os'), '--pgurl', database.url], { env: environment(space) })
  {
    await using running = start()
    await database.query(`insert into items values (2, 'second one')`)
    await eventuallyFound(space, { match: { 'items.name@text': 'second' } }, 1)
    assert.match(running.stderr, /older than pgstream init/)
    running.child.kill('SIGTERM')
    const { code, stderr } = await running.finished
    assert.equal(code, 0, stderr)
  }
  await using running = start()
  await database.query(`update items set name = 'first' where id = 1; alter table items rename to things`)
  await eventuallyFound(space, { terms: { 'things.id': [1, 2] } }, 2)
  running.child.kill('SIGTERM')
  assert.equal((await running.finished).code, 0)
})

test('the sample settings take changes to Kafka, and from there to the index', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  await using space = searchSpace()
  const name = `test-${randomBytes(6).toString('hex')}`
  await using topic = { [Symbol.asyncDispose]: async () => deleteTopic(kafkaServers(), name) }
  assert.ok(topic)
  const kafka = { PGSTREAM_KAFKA_SERVERS: kafkaServers().address.PLAINTEXT, PGSTREAM_KAFKA_TOPIC_NAME: name }
  await using writing = new RunningCommand(['run', '-c', sample('pg2kafka'), '--pgurl', database.url], {
    env: kafka,
  })
  await writing.says(/writing to the topic/)
  const group = { PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID: `group-of-${name}` }
  await using reading = new RunningCommand(['run', '-c', sample('kafka2os')], {
    env: { ...kafka, ...group, ...environment(space) },
  })
  await database.query('create table items (id bigint primary key, price numeric)')
  await database.query('insert into items values (9007199254740993, 1.50), (2, 3)')
  await database.query('delete from items where id = 2')
  await eventuallyFound(space, { term: { 'items.price@exact': '1.50' } }, 1)
  await eventuallyFound(space, { match_all: {} }, 1)
  reading.child.kill('SIGTERM')
  const { code, stderr } = await reading.finished
  assert.equal(code, 0, stderr)
})

test('a store that cannot be reached at the start, and settings that are none, are told in a sentence', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  const unreachable = await pgstream(['run', '--pgurl', database.url], {
    env: { PGSTREAM_SEARCH_STORE_URL: 'http://me:secret@127.0.0.1:9' },
  })
  assert.equal(unreachable.code, 1)
  assert.match(unreachable.stderr, /PGSTREAM_SEARCH_UNREACHABLE/)
  assert.doesNotMatch(unreachable.stderr, /secret|\bat .*\.js/)
  const wrong = await pgstream(['run', '--pgurl', database.url], {
    env: { PGSTREAM_SEARCH_STORE_URL: 'localhost:9200', PGSTREAM_SEARCH_INDEXER_BATCH_SIZE: '0' },
  })
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /PGSTREAM_SEARCH_STORE_URL.*\n.*PGSTREAM_SEARCH_INDEXER_BATCH_SIZE/)
})
