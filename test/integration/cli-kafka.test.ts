import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { pgstream, RunningCommand } from '../support/command.ts'
import { deleteTopic, kafkaServers } from '../support/kafka.ts'
import { postgresServers } from '../support/postgres.ts'
import { preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

const sample = (name: string): string => new URL(`../../fixtures/${name}.env`, import.meta.url).pathname

interface Line {
  readonly action: string
  readonly table: string
  readonly columns: readonly { readonly value: unknown }[]
}

test('the sample settings take every change to Kafka, and from there to stdout, each once over a restart', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  const name = `test-${randomBytes(6).toString('hex')}`
  await using topic = { [Symbol.asyncDispose]: async () => deleteTopic(kafkaServers(), name) }
  assert.ok(topic)
  const env = {
    PGSTREAM_KAFKA_SERVERS: kafkaServers().address.PLAINTEXT,
    PGSTREAM_KAFKA_TOPIC_NAME: name,
  }
  await using writing = new RunningCommand(['run', '-c', sample('pg2kafka'), '--pgurl', database.url], {
    env,
  })
  await writing.says(/writing to the topic/)
  const reading = { ...env, PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID: `group-of-${name}` }
  const arrived: Line[] = []
  const arrive = async (values: readonly number[]): Promise<void> => {
    await using stdout = new RunningCommand(['run', '-c', sample('kafka2stdout')], { env: reading })
    const ids = (): unknown[] =>
      stdout.lines
        .map((line) => JSON.parse(line) as Line)
        .filter(({ action, table }) => action === 'I' && table === 'items')
        .map(({ columns }) => columns[0]!.value)
    await eventually(() => assert.deepEqual(ids(), values))
    stdout.child.kill('SIGTERM')
    const { code, stderr, lines } = { ...(await stdout.finished), lines: stdout.lines }
    assert.equal(code, 0, stderr)
    assert.match(stderr, /stopped: everything that was read is delivered/)
    arrived.push(...lines.map((line) => JSON.parse(line) as Line))
  }

  await database.query('create table items (id int primary key)')
  await database.query('insert into items values (1), (2)')
  await arrive([1, 2])
  await database.query('insert into items values (3)')
  await arrive([3])
  assert.deepEqual(
    arrived.map(({ table }) => table),
    ['schema_log', 'items', 'items', 'items'],
  )
  writing.child.kill('SIGTERM')
  const { code, stderr } = await writing.finished
  assert.equal(code, 0, stderr)
})

test('settings of Kafka that cannot work together are refused before anything is connected', async () => {
  const { code, stderr } = await pgstream(['run', '-c', sample('kafka2stdout')], {
    env: { PGSTREAM_POSTGRES_LISTENER_URL: 'postgres://postgres:secret@localhost/shop' },
  })
  assert.equal(code, 2)
  assert.match(stderr, /two sources.*PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID/)
  assert.doesNotMatch(stderr, /secret/)
})
