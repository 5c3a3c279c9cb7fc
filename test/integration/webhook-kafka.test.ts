import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { RunningCommand } from '../support/command.ts'
import { deleteTopic, kafkaServers } from '../support/kafka.ts'
import { postgresServers } from '../support/postgres.ts'
import { Receiver } from '../support/receiver.ts'
import type { Received } from '../support/receiver.ts'
import { preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'
import { exampleSecret, subscribe } from '../support/webhooks.ts'

const sample = (name: string): string => new URL(`../../fixtures/${name}.env`, import.meta.url).pathname
const patience = { timeoutMs: 120_000 }
const [rows, updates] = [20, 10]

test('the sample settings take every change to Kafka, and from there, over a kill, to whoever subscribed: signed, each row in its order', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  const name = `test-${randomBytes(6).toString('hex')}`
  await using topic = { [Symbol.asyncDispose]: async () => deleteTopic(kafkaServers(), name) }
  assert.ok(topic)
  await using receiver = await Receiver.start()
  await subscribe(database, `${receiver.url}/hook`, { schema: 'public' })
  const env = {
    PGSTREAM_KAFKA_SERVERS: kafkaServers().address.PLAINTEXT,
    PGSTREAM_KAFKA_TOPIC_NAME: name,
    PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID: `group-of-${name}`,
    PGSTREAM_KAFKA_READER_SESSION_TIMEOUT: '6s',
    PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: database.url,
    PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: 'localhost:0',
    PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS: '127.0.0.1',
  }
  const { PGSTREAM_KAFKA_SERVERS, PGSTREAM_KAFKA_TOPIC_NAME } = env
  await using writing = new RunningCommand(['run', '-c', sample('pg2kafka'), '--pgurl', database.url], {
    env: { PGSTREAM_KAFKA_SERVERS, PGSTREAM_KAFKA_TOPIC_NAME },
  })
  await writing.says(/writing to the topic/)
  await database.query('create table items (id int primary key, n int not null)')
  await database.query(`insert into items select i, 0 from generate_series(1, ${rows}) as i`)
  for (let n = 1; n <= updates; n++) await database.query('update items set n = n + 1')
  await database.query('update items set id = id + 1000 where id <= 5; delete from items where id > 15')

  const reading = (): RunningCommand => new RunningCommand(['run', '-c', sample('kafka2webhook')], { env })
  {
    await using killed = reading()
    const isUnderWay = (): boolean | Promise<never> =>
      killed.child.exitCode === null
        ? receiver.taken.length > 10
        : Promise.reject(new Error(killed.stderr || killed.stdout))
    await eventually(isUnderWay, patience)
    killed.child.kill('SIGKILL')
    await killed.finished
  }
  await using last = reading()
  const changes = (): Received[] => firstOfEach(receiver.taken)
  await eventually(() => assert.equal(changes().length, rows * (updates + 1) + 5 + 10), patience)
  last.child.kill('SIGTERM')
  const { code, stderr } = await last.finished
  assert.equal(code, 0, stderr)

  const verifying = new Webhook(exampleSecret)
  for (const { text, headers } of receiver.taken) verifying.verify(text, headers as Record<string, string>)
  for (let id = 6; id <= 15; id++) {
    const seen = changes().filter(({ keys }) => keys.includes(String(id)))
    assert.deepEqual(
      seen.map(valueOf),
      Array.from({ length: updates + 1 }, (_, n) => n),
    )
  }
  for (let id = 1; id <= 5; id++) {
    const seen = changes().filter(({ keys }) => keys.includes(String(id)) || keys.includes(String(id + 1000)))
    assert.equal(
      seen.map(({ action }) => action).join(''),
      `I${'U'.repeat(updates + 1)}D`,
      'the change of a key is in the order of both rows',
    )
  }
  writing.child.kill('SIGTERM')
  assert.equal((await writing.finished).code, 0)
})

/** What came again after the kill is left out. */
function firstOfEach(taken: readonly Received[]): Received[] {
  const seen = new Set<string>()
  return taken.filter(({ id }) => !seen.has(id) && seen.add(id))
}

const valueOf = ({ text }: Received): unknown =>
  (JSON.parse(text) as { Data: { columns: { name: string; value: unknown }[] } }).Data.columns.find(
    (column) => column.name === 'n',
  )?.value
