import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filled } from '../support/backfill/fill.ts'
import { pgstream, RunningCommand } from '../support/command.ts'
import { postgresSources } from '../support/postgres.ts'
import type { PostgresSource, TemporaryDatabase } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'
import { preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

/** What was read is at most this: little is on its way when nobody reads stdout. */
const smallQueue = {
  PGSTREAM_STDOUT_WRITER_MAX_QUEUE_BYTES: '16KiB',
  PGSTREAM_STDOUT_WRITER_BATCH_BYTES: '16KiB',
}
const rows = 8_000

const withLargeValues = (source: PostgresSource): Promise<TemporaryDatabase> =>
  preparedDatabase(source, {
    before: ({ query }) =>
      query(
        `create table z (id int primary key, large text); alter table z alter large set storage external;
         insert into z select i * 10, repeat('b', 2500) from generate_series(1, ${rows}) i`,
      ),
  })

/** What the last line of a row has of its large value. */
function largeOf(stdout: string, id: number): number | undefined {
  const lines = stdout
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.includes(`"value":${id},`) || line.includes(`"value":${id}}`))
    .map((line) => JSON.parse(line) as { columns: { name: string; value: string | number }[] | null })
    .filter(({ columns }) => columns?.[0]?.value === id)
  const whole = lines.findLast(({ columns }) => columns!.some(({ name }) => name === 'large'))
  return whole && String(whole.columns!.find(({ name }) => name === 'large')!.value).length
}

for (const source of postgresSources()) {
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    test(`${source.label}: a row that moved into the range that was read, while nobody was at it (${signal}), is read again whole`, async () => {
      await using database = await withLargeValues(source)
      const { url } = database
      const args = ['run', '--stdout', '--pgurl', url]
      assert.equal((await pgstream(['backfill', 'start', '--pgurl', url])).code, 0)
      {
        await using run = new RunningCommand(args, { env: smallQueue, keepUnread: true })
        let read = 0
        const isUnderWay = async (): Promise<boolean> => {
          read += String(run.child.stdout!.read() ?? '').length
          return (await database.query('select from pgstream.backfills where rows > 500')).length > 0
        }
        await eventually(isUnderWay, { timeoutMs: 60_000, every: 5, about: 'Some chunks that are durable' })
        assert.ok(read > 0)
        run.child.kill(signal)
        run.child.stdout!.resume()
        await run.finished
      }
      await database.query(`update z set id = 11 where id = ${rows * 10}`)
      // it may be that nothing can be read for a while
      await using writer = await openSession(url)
      await writer.query('begin; update z set large = large where id = 20')
      await using run = new RunningCommand(args)
      await eventually(() => run.stdout.includes('"value":11'), { about: 'The row that moved' })
      await database.query(`insert into z values (5, 'five')`)
      await eventually(() => run.stdout.includes('five'), { about: 'What follows' })
      await writer.query('commit')
      await filled(url, 20_000)
      await eventually(() => largeOf(run.stdout, 11) === 2500, { about: 'The whole row', timeoutMs: 5_000 })
      run.child.kill('SIGINT')
      const { code, stderr } = await run.finished
      assert.equal(code, 0, stderr)
      assert.doesNotMatch(stderr, /cancelled/)
    })
  }
}

test('a process that lost the slot leaves the backfill to who has it', async () => {
  const [source] = postgresSources()
  await using database = await withLargeValues(source!)
  const { url } = database
  const args = ['run', '--stdout', '--pgurl', url]
  const owner = async (): Promise<string | null> => {
    const [found] = await database.query<{ run: string | null }>('select run from pgstream.backfills')
    return found!.run
  }
  await using first = new RunningCommand(args, { env: smallQueue, keepUnread: true })
  await first.says(/reading the replication slot/)
  assert.equal((await pgstream(['backfill', 'start', '--pgurl', url])).code, 0)
  await eventually(async () => (await owner()) !== null, { about: 'The first chunk' })
  await using second = new RunningCommand(args, { env: smallQueue, keepUnread: true })
  await second.says(/PGSTREAM_SLOT_ACTIVE/)
  const before = await owner()
  first.child.kill('SIGSTOP')
  await database.query(
    `select pg_terminate_backend(active_pid) from pg_replication_slots where active and database = current_database()`,
  )
  await second.says(/reading the replication slot/)
  await eventually(async () => (await owner()) !== before, { about: 'The second at it' })
  const after = await owner()
  first.child.kill('SIGCONT')
  let written = ''
  first.child.stdout!.on('data', (text) => (written += String(text)))
  second.child.stdout!.on('data', (text) => (written += String(text)))
  const { code, stderr } = await first.finished
  assert.equal(code, 1)
  assert.match(stderr, /PGSTREAM_SLOT_ADVANCED/)
  assert.doesNotMatch(stderr, /was cancelled/)
  const [now] = await database.query<{ run: string }>('select run from pgstream.backfills')
  assert.equal(now!.run, after, 'it is still the backfill of the second')
  await database.query(`update z set id = 11 where id = ${rows * 10}`)
  await filled(url, 30_000)
  await eventually(() => largeOf(written, 11) === 2500, { about: 'The whole row', timeoutMs: 5_000 })
  second.child.kill('SIGINT')
  const ended = await second.finished
  assert.equal(ended.code, 0, ended.stderr)
  assert.doesNotMatch(ended.stderr, /was cancelled/)
})
