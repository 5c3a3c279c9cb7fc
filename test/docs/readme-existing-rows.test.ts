import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { RunningCommand } from '../support/command.ts'
import { deleteTopic, kafkaServers } from '../support/kafka.ts'
import { postgresServers } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { readTopic } from '../support/read-topic.ts'
import { readmeBlocks, repository } from '../support/readme.ts'
import { Receiver } from '../support/receiver.ts'
import { findDocuments } from '../support/search-stream.ts'
import { searchSpace } from '../support/search.ts'
import { preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'
import { WebhookApi } from '../support/webhook-api.ts'
import { subscribe } from '../support/webhooks.ts'

const row = 'planted before there was a slot'

/** The command of the README that fills this destination, with servers of the tests. */
async function fill(
  sample: string,
  database: TemporaryDatabase,
  env: Readonly<Record<string, string>>,
): Promise<RunningCommand> {
  const lines = (await readmeBlocks('text')).flatMap((block) => block.trim().split('\n'))
  const [command, ...others] = lines.filter((line) => line.includes(sample) && line.includes('--backfill'))
  assert.ok(command && others.length === 0, `README.md has one line that fills by ${sample}`)
  const [name, ...args] = command.replace(/ *#.*/, '').split(' ')
  assert.equal(name, 'pgstream')
  return new RunningCommand(
    args.map((word) => (word.startsWith('fixtures/') ? join(repository, word) : word)),
    { env: { PGSTREAM_POSTGRES_LISTENER_URL: database.url, ...env } },
  )
}

const databaseWithRow = (): Promise<TemporaryDatabase> =>
  preparedDatabase(postgresServers()[0]!, {
    before: ({ query }) =>
      query(`create table items (id int primary key, note text); insert into items values (1, '${row}')`),
  })

async function arrives(running: RunningCommand, look: () => unknown): Promise<void> {
  await eventually(
    async () => {
      assert.equal(running.child.exitCode, null, running.stderr)
      await look()
      return true
    },
    { timeoutMs: 60_000, every: 200, about: 'The row that was there before' },
  )
  running.child.kill('SIGINT')
  const { code, stderr } = await running.finished
  assert.equal(code, 0, stderr)
}

test('the README fills a topic with the rows that are there', async () => {
  await using database = await databaseWithRow()
  const servers = kafkaServers()
  const topic = `test-${randomBytes(6).toString('hex')}`
  await using made = { name: topic, [Symbol.asyncDispose]: () => deleteTopic(servers, topic) }
  await using running = await fill('fixtures/pg2kafka.env', database, {
    PGSTREAM_KAFKA_SERVERS: servers.address.PLAINTEXT,
    PGSTREAM_KAFKA_TOPIC_NAME: made.name,
  })
  await arrives(running, async () => {
    const messages = await readTopic(made.name)
    assert.ok(messages.some(({ value }) => value!.includes(row) && value!.includes('"snapshot":true')))
  })
})

test('the README fills an index with the rows that are there', async () => {
  await using database = await databaseWithRow()
  await using space = searchSpace()
  await using running = await fill('fixtures/pg2os.env', database, {
    PGSTREAM_SEARCH_STORE_URL: space.url,
    PGSTREAM_SEARCH_INDEX_PREFIX: space.prefix,
  })
  await arrives(running, async () => {
    await space.ask('POST', `${space.prefix}*/_refresh`)
    assert.equal((await findDocuments(space, { term: { 'items.note': row } })).length, 1)
  })
})

test('the README sends the rows that are there to who has subscribed', async () => {
  await using database = await databaseWithRow()
  await using receiver = await Receiver.start()
  {
    // makes the tables of subscriptions
    await using api = await WebhookApi.start(database)
    assert.ok(api)
  }
  await subscribe(database, receiver.url)
  await using running = await fill('fixtures/pg2webhook.env', database, {
    PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: database.url,
    PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: 'localhost:0',
    PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS: '127.0.0.1',
  })
  await arrives(running, () => assert.ok(receiver.taken.some(({ text }) => text.includes(row))))
})
