import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { BackfillProgress } from '../../src/postgres/backfill/backfill-progress.ts'
import { backfill } from '../../src/postgres/backfill/backfill.ts'
import { init } from '../../src/postgres/init.ts'
import { postgresListener } from '../../src/postgres/postgres-listener.ts'
import { filled } from '../support/backfill/fill.ts'
import { pgstream, RunningCommand } from '../support/command.ts'
import { postgresServers } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { readPrometheus } from '../support/prometheus.ts'
import { readingRole } from '../support/reading-role.ts'
import { RunningOps } from '../support/running-ops.ts'
import { preparedDatabase } from '../support/source.ts'
import { statusOf } from '../support/status-report.ts'
import { eventually } from '../support/wait.ts'

const server = postgresServers()[0]!

const withRows = (count: number): Promise<TemporaryDatabase> =>
  preparedDatabase(server, {
    before: ({ query }) =>
      query(
        `create table items (id int primary key, note text);
         insert into items select i, repeat('x', 100) from generate_series(1, ${count}) as i`,
      ),
  })

interface Line {
  readonly action: string
  readonly table: string
  readonly columns: readonly { readonly value: number }[]
  readonly snapshot?: true
}

/** Ids of whole lines about existing rows; the last line may be cut by a kill. */
const existingIds = (stdout: string): number[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.includes('"snapshot":true'))
    .map((line) => (JSON.parse(line) as Line).columns[0]!.value)

const progressOf = async ({ url }: TemporaryDatabase, ...more: string[]): Promise<BackfillProgress[]> => {
  const { stdout } = await pgstream(['backfill', 'status', '--json', '--pgurl', url, ...more])
  return (JSON.parse(stdout) as { tables: BackfillProgress[] }).tables
}

const stop = async (command: RunningCommand): Promise<void> => {
  command.child.kill('SIGINT')
  const { code, stderr } = await command.finished
  assert.equal(code, 0, stderr)
}

/** What was read is at most this: little is on its way when nobody reads stdout. */
const smallQueue = {
  PGSTREAM_STDOUT_WRITER_MAX_QUEUE_BYTES: '16KiB',
  PGSTREAM_STDOUT_WRITER_BATCH_BYTES: '16KiB',
}

test('run --backfill brings every row once, and a table that is asked for again comes again', async () => {
  await using database = await withRows(3000)
  const { url } = database
  const everything = Array.from({ length: 3000 }, (_, i) => i + 1)
  {
    await using run = new RunningCommand(['run', '--backfill', '--stdout', '--pgurl', url])
    await run.says(/reading the replication slot/)
    await filled(url)
    await stop(run)
    assert.deepEqual(existingIds(run.stdout), everything)
  }
  await using again = await RunningOps.start(['--backfill', '--stdout', '--pgurl', url])
  await again.says(/reading the replication slot/)
  await database.query(`insert into items values (0, 'new')`)
  await eventually(() => again.stdout.includes('"new"'), { about: 'A change' })
  assert.deepEqual(existingIds(again.stdout), [], 'it was done before')

  const started = await pgstream(['backfill', 'start', '--tables', 'items', '--pgurl', url])
  assert.equal(started.code, 0, started.stderr)
  assert.match(started.stdout, /^public\.items {2}(waiting|running)/)
  await filled(url)
  const [items] = await progressOf(database)
  assert.deepEqual([items!.table, items!.state, items!.rows], ['items', 'done', 3001])
  const { backfill } = await statusOf(['--pgurl', url])
  assert.ok(backfill!.rows > 0 && backfill!.tables.done >= 1, JSON.stringify(backfill))
  await eventually(async () => {
    const { value } = readPrometheus(await again.metrics())
    assert.equal(value('pgstream_backfill_tables', { state: 'done' }), 1)
    assert.equal(value('pgstream_backfill_tables', { state: 'running' }), 0)
    assert.equal(value('pgstream_backfill_rows'), 3001)
  })
  const told = await pgstream(['backfill', 'status', '--pgurl', url])
  assert.match(told.stdout, /^public\.items {2}done +3,001 rows, [\d,]+ rows\/s\n$/)
  await stop(again)
  assert.deepEqual(existingIds(again.stdout), [0, ...everything])
})

test('a backfill that is killed goes on where it was', async () => {
  await using database = await withRows(20_000)
  const { url } = database
  await pgstream(['backfill', 'start', '--pgurl', url])
  let first = ''
  {
    await using run = new RunningCommand(['run', '--stdout', '--pgurl', url], {
      env: smallQueue,
      keepUnread: true,
    })
    run.child.stdout!.setEncoding('utf8')
    const isUnderWay = async (): Promise<boolean> => {
      first += String(run.child.stdout!.read() ?? '')
      return (await database.query('select from pgstream.backfills where rows > 2000')).length > 0
    }
    await eventually(isUnderWay, { timeoutMs: 60_000, every: 5, about: 'Some chunks that are durable' })
    run.child.kill('SIGKILL')
    run.child.stdout!.on('data', (text) => (first += String(text)))
    await run.finished
  }
  const [kept] = await database.query<{ rows: number; key: number }>(
    `select rows::int, last_key[1]::int as key from pgstream.backfills where state = 'running'`,
  )
  assert.ok(kept, 'it was killed amid the table')
  assert.equal(kept.rows, kept.key, 'what is written down is a place')
  const hour = `interval '1 hour'`
  await database.query(
    `update pgstream.backfills set started_at = started_at - ${hour}, run_started_at = run_started_at - ${hour}`,
  )
  await using run = new RunningCommand(['run', '--stdout', '--pgurl', url])
  await filled(url)
  await stop(run)
  const [progress] = await progressOf(database)
  assert.ok(progress!.rowsPerSecond! > 100, 'the pause does not count')
  const second = existingIds(run.stdout)
  assert.equal(second[0], kept.key + 1, 'it goes on behind what is written down')
  assert.equal(new Set([...existingIds(first), ...second]).size, 20_000, 'nothing is missing')
})

test('a backfill that is cancelled ends, and begins with the first row when it is asked for again', async () => {
  await using database = await withRows(20_000)
  const { url } = database
  await using run = new RunningCommand(['run', '--backfill', '--stdout', '--pgurl', url], {
    env: smallQueue,
    keepUnread: true,
  })
  await eventually(() => run.hasUnread(), { timeoutMs: 30_000, about: 'Rows that nobody reads' })
  const cancelled = await pgstream(['backfill', 'cancel', '--tables', 'public.*', '--pgurl', url])
  assert.match(cancelled.stdout, /^public\.items {2}cancelled/)
  run.child.stdout!.on('data', (text) => (run.stdout += String(text)))
  await run.says(/the backfill of a table was cancelled/)
  assert.ok(existingIds(run.stdout).length < 20_000)
  const before = run.stdout.length
  await pgstream(['backfill', 'start', '--pgurl', url])
  await filled(url)
  await stop(run)
  const again = existingIds(run.stdout.slice(before))
  assert.equal(again.slice(-20_000)[0], 1)
  assert.equal(new Set(again).size, 20_000)
})

test('slots are filled each for itself, and messages of one are nothing to the other', async () => {
  await using database = await withRows(500)
  const { url } = database
  await init({ url, slotName: `${database.name}_b` })
  const second = ['--slot-name', `${database.name}_b`]
  await using a = new RunningCommand(['run', '--stdout', '--pgurl', url])
  await using b = new RunningCommand(['run', '--backfill', '--stdout', '--pgurl', url, ...second])
  await a.says(/reading the replication slot/)
  await eventually(async () => (await progressOf(database, ...second))[0]?.state === 'done', {
    timeoutMs: 60_000,
    every: 100,
    about: 'The end of one',
  })
  await database.query(`insert into items values (0, 'new')`)
  for (const run of [a, b]) await eventually(() => run.stdout.includes('"new"'), { about: 'A change' })
  await stop(a)
  await stop(b)
  assert.equal(existingIds(b.stdout).length, 500)
  assert.deepEqual(existingIds(a.stdout), [])
  assert.doesNotMatch(a.stdout + b.stdout, /pgstream\.backfill/)
  assert.deepEqual(await progressOf(database), [])
})

test('tables that are dropped, renamed or not wanted while they wait are told, and the others are filled', async () => {
  await using database = await withRows(5)
  const { url, query } = database
  await query(
    'create table gone (id int primary key); create table old_name (id int); insert into old_name values (1)',
  )
  await query('create table p (id int primary key) partition by range (id)')
  await query('create table p1 partition of p for values from (0) to (9); insert into p values (1), (2)')
  const [first, second] = await Promise.all(
    ['gone, old_name, p, items', 'p1, items'].map((tables) =>
      pgstream(['backfill', 'start', '--tables', tables, '--pgurl', url]),
    ),
  )
  assert.deepEqual([first!.code, second!.code], [0, 0], first!.stderr + second!.stderr)
  await query('drop table gone; alter table old_name rename to new_name')
  await using run = new RunningCommand(['run', '--stdout', '--exclude-tables', 'items', '--pgurl', url])
  const states = (await filled(url)).map(({ table, state, rows }) => `${table} ${state} ${rows}`)
  assert.deepEqual(states.toSorted(), ['gone failed 0', 'items failed 0', 'new_name done 1', 'p1 done 2'])
  const told = await pgstream(['backfill', 'status', '--pgurl', url])
  assert.match(told.stdout, /public\.gone +failed +The table public\.gone is gone\./)
  assert.match(told.stdout, /public\.items +failed +The filter lets no row of public\.items pass\./)
  await stop(run)
})

test('what cannot be backfilled is told before anything is asked for', async () => {
  await using database = await withRows(1)
  const { url } = database
  const fails = async (args: string[], code: number, words: RegExp): Promise<void> => {
    const { code: is, stderr } = await pgstream(['backfill', ...args, '--pgurl', url])
    assert.equal(is, code, stderr)
    assert.match(stderr, words)
  }
  await database.query('create view v as select 1 as a; create unlogged table u (id int primary key)')
  await database.query('create table p (id int primary key) partition by range (id)')
  await fails(['start', '--tables', 'itms'], 1, /There is no table itms\./)
  await fails(['start', '--tables', 'items, v'], 1, /public\.v is a view: there is nothing to backfill/)
  await fails(['start', '--tables', 'u'], 1, /public\.u is not logged/)
  await fails(['start', '--tables', 'p'], 1, /public\.p has no partitions/)
  await fails(['start', '--tables', 'Items'], 2, /upper-case/)
  await fails(['begin'], 2, /cannot "begin"/)
  await fails([], 2, /needs a start\|status\|cancel/)
  await fails(['start', '--slot-name', 'nowhere'], 1, /There is no replication slot nowhere/)
  assert.deepEqual(await progressOf(database), [])
  const { stdout } = await pgstream(['backfill', 'cancel', '--pgurl', url])
  assert.equal(stdout, 'There is no backfill to cancel.\n')
  const none = await pgstream(['backfill', 'status', '--tables', 'itms', '--pgurl', url])
  assert.equal(none.stdout, 'Nobody asked for a backfill of itms yet: pgstream backfill start\n')
  const listener = postgresListener({ url })
  for (const chunkRows of [0, -1, 1.5, NaN])
    assert.throws(() => backfill(listener, { chunkRows }), RangeError)
  await once(listener.destroy(), 'close')
})

test('tables that the user may not read are told at the start, or when the right is taken away', async () => {
  await using database = await withRows(3)
  await database.query('create table open (id int primary key); insert into open values (7)')
  await using role = await readingRole(database, ['open'])
  const start = async (...more: string[]): Promise<{ code: number | null; stderr: string }> =>
    pgstream(['backfill', 'start', '--pgurl', role.url, ...more])
  const refused = await start()
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /The user may not read public\.items\.[\s\S]*Grant SELECT/)
  assert.deepEqual(await progressOf(database), [])

  await database.query(`grant select on items to ${role.name}`)
  const accepted = await start()
  assert.equal(accepted.code, 0, accepted.stderr)
  await database.query(`revoke select on items from ${role.name}`)
  await using run = new RunningCommand(['run', '--stdout', '--pgurl', role.url])
  const [items, open] = await filled(role.url)
  assert.deepEqual([items!.table, items!.state, open!.state], ['items', 'failed', 'done'])
  assert.match(items!.error!, /permission denied for table items/)
  assert.match(items!.error!, /pgstream backfill start/)
  await stop(run)
  assert.deepEqual(existingIds(run.stdout), [7])

  // what failed is tried once more by whoever wants everything, what somebody cancelled is not
  await database.query(`grant select on items to ${role.name}`)
  await database.query(`update pgstream.backfills set state = 'cancelled' where table_name = 'open'`)
  await using again = new RunningCommand(['run', '--backfill', '--stdout', '--pgurl', role.url])
  await eventually(() => existingIds(again.stdout).length === 3, {
    about: 'The rows of the table that failed',
  })
  await stop(again)
  assert.deepEqual(existingIds(again.stdout), [1, 2, 3])
  assert.match(again.stderr, /"tables":\["public\.open"\].*cancelled once: pgstream backfill start/)
})

test('a database that an older version prepared is streamed, and told what it lacks', async () => {
  await using database = await withRows(1)
  const { url } = database
  await database.query('drop table pgstream.backfills')
  await using run = new RunningCommand(['run', '--stdout', '--pgurl', url])
  await run.says(/no backfill is possible: run pgstream init once more/)
  await database.query(`insert into items values (0, 'new')`)
  await eventually(() => run.stdout.includes('"new"'), { timeoutMs: 30_000, about: 'A change' })
  await stop(run)
  const { code, stderr } = await pgstream(['backfill', 'start', '--pgurl', url])
  assert.equal(code, 1)
  assert.match(stderr, /pgstream init/)
})
