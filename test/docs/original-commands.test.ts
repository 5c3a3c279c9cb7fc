/** The commands of the README of the Go version, as they stand there, in the folder with the sample settings. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pgstream, RunningCommand } from '../support/command.ts'
import { deleteTopic, kafkaServers } from '../support/kafka.ts'
import { postgresServers, startPostgres } from '../support/postgres.ts'
import { repository } from '../support/readme.ts'
import { searchSpace } from '../support/search.ts'
import { findDocuments } from '../support/search-stream.ts'
import { openSession } from '../support/session.ts'
import { eventually } from '../support/wait.ts'

const commands = {
  init: 'pgstream init --pgurl "postgres://postgres:postgres@localhost?sslmode=disable"',
  pg2os: 'pgstream run -c pg2os.env --log-level trace',
  pg2kafka: 'pgstream run -c pg2kafka.env --log-level trace',
  kafka2os: 'pgstream run -c kafka2os.env --log-level trace',
  tearDown: 'pgstream tear-down --pgurl "postgres://postgres:postgres@localhost?sslmode=disable"',
}

/** The words of a line of shell, without their quotes and `pgstream`. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]!).slice(1)

const preload = fileURLToPath(new URL('../support/preload/usual-ports.mjs', import.meta.url))
const portOf = (address: string): string => /:(\d+)(?:\/|$)/.exec(address)![1]!

test('the commands of the Go version work as its README writes them', async () => {
  await using postgres = await startPostgres({ major: postgresServers()[0]!.major })
  await using session = await openSession(postgres.url)
  await session.query(`alter role postgres password 'postgres'`)
  await using direct = searchSpace()
  await using behindKafka = searchSpace()
  const topic = `test-${randomBytes(6).toString('hex')}`
  const kafka = kafkaServers()
  await using made = { name: topic, [Symbol.asyncDispose]: () => deleteTopic(kafka, topic) }
  const ports = [
    `5432=${portOf(postgres.url)}`,
    `9092=${portOf(kafka.address.PLAINTEXT)}`,
    `9200=${portOf(direct.url)}`,
  ]
  const options = (env: Record<string, string> = {}) => ({
    cwd: join(repository, 'fixtures'),
    env: {
      ...env,
      NODE_OPTIONS: `--import ${preload}`,
      PGSTREAM_TEST_USUAL_PORTS: ports.join(','),
    },
  })
  // the servers are those of all tests
  const ofOurs = { PGSTREAM_KAFKA_TOPIC_NAME: made.name }
  const toEnd = async (line: string): Promise<void> => {
    const { code, stdout, stderr } = await pgstream(wordsOf(line), options())
    assert.equal(code, 0, stdout + stderr)
  }
  const start = (line: string, env?: Record<string, string>): RunningCommand =>
    new RunningCommand(wordsOf(line), options(env))
  const stop = async (running: RunningCommand): Promise<void> => {
    running.child.kill('SIGINT')
    const { code, stderr } = await running.finished
    assert.equal(code, 0, stderr)
  }
  const isIndexed = (by: RunningCommand, space: typeof direct, id: number): Promise<unknown> =>
    eventually(
      async () => {
        assert.equal(by.child.exitCode, null, by.stderr)
        await space.ask('POST', `${space.prefix}*/_refresh`)
        assert.equal((await findDocuments(space, { term: { 'items.id': id } })).length, 1)
        return true
      },
      { timeoutMs: 90_000, every: 200 },
    )

  await session.query('create table items (id int primary key, note text)')
  await toEnd(commands.init)
  {
    await using running = start(commands.pg2os, { PGSTREAM_SEARCH_INDEX_PREFIX: direct.prefix })
    await session.query(`insert into items values (1, 'planted-row')`)
    await isIndexed(running, direct, 1)
    await stop(running)
  }
  await using writing = start(commands.pg2kafka, ofOurs)
  await writing.says(/writing to the topic/)
  await using reading = start(commands.kafka2os, {
    ...ofOurs,
    PGSTREAM_SEARCH_INDEX_PREFIX: behindKafka.prefix,
    PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID: `${topic}-group`,
  })
  await session.query(`create table more (id int primary key); insert into more values (1)`)
  await session.query(`alter table items add column also int; insert into items values (2, 'planted-row', 3)`)
  await isIndexed(reading, behindKafka, 2)
  await stop(reading)
  await stop(writing)
  await toEnd(commands.tearDown)
  assert.deepEqual(await session.query('select slot_name from pg_replication_slots'), [])
})
