import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBackfill } from '../../src/postgres/backfill/request-backfill.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { postgresServers, startPostgres } from '../support/postgres.ts'
import { readingRole } from '../support/reading-role.ts'
import { openSession } from '../support/session.ts'
import { silentStandby } from '../support/silent-standby.ts'
import { preparedDatabase } from '../support/source.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { eventually } from '../support/wait.ts'
import { assertSame, blocked, filled, openFill } from '../support/backfill/fill.ts'
import { FirstSnapshot, LastRows } from '../support/backfill/last-rows.ts'

const [server] = postgresServers()

const withRows = (sql: string): Promise<TemporaryDatabase> =>
  preparedDatabase(server!, { before: (database) => database.query(sql) })

test('a commit that is in the stream and not visible yet is waited for', async () => {
  await using own = await startPostgres({ major: server!.major })
  await using database = await preparedDatabase(own, {
    before: ({ query }) =>
      query(`create table t as select 1 as id, 'old' as v; alter table t add primary key (id)`),
  })
  const rows = new LastRows('t')
  await using stream = openFill(database, { rows })
  await using writer = await silentStandby(database)

  const committing = writer.query(`update t set v = 'new'`)
  await stream.until(() => rows.both[0].get(1)?.['v'] === 'new', 'The commit in the stream')
  const [visible] = await database.query<{ v: string }>('select v from t')
  assert.equal(visible!.v, 'old', 'what a chunk would have if it were read now')
  await startBackfill({ url: database.url })
  await blocked(database)

  await writer.letGo()
  await committing
  assert.deepEqual(
    (await filled(database.url)).map(({ state }) => state),
    ['done'],
  )
  await assertSame(database, rows, 't')
  assert.deepEqual(rows.snapshots, [{ id: 1, v: 'new' }])
})

test('a change that is older than the mark and committed behind the chunk keeps its place', async () => {
  await using database = await withRows(
    `create table t (id int primary key, v text); insert into t values (1, 'old')`,
  )
  const { logger, lines } = heardLogger()
  const rows = new LastRows('t')
  await using stream = openFill(database, { rows, logger })
  await using writer = await openSession(database.url)
  await writer.query(`begin; update t set v = 'new'`)
  await startBackfill({ url: database.url })
  await blocked(database)
  assert.equal(stream.events.filter((event) => event.kind === 'insert').length, 0)
  const isTold = (): boolean =>
    lines.some(
      ({ message, fields }) =>
        message.includes('waits for') && /^pid \d+ \(/.test(String(fields['blockers'])),
    )
  await eventually(isTold, { timeoutMs: 30_000, about: 'A word on whom it waits for' })
  await writer.query('commit')
  await filled(database.url)
  await assertSame(database, rows, 't')
})

test('a transaction that is prepared while it is waited for is waited for on', async () => {
  await using database = await withRows(
    `create table t (id int primary key, v text); insert into t values (1, 'old')`,
  )
  const { logger, lines } = heardLogger()
  const rows = new LastRows('t')
  await using stream = openFill(database, { rows, logger })
  await using writer = await openSession(database.url)
  await writer.query(`begin; update t set v = 'new'`)
  await startBackfill({ url: database.url })
  await blocked(database)
  await writer.query(`prepare transaction '${database.name}'`)
  const isTold = (): boolean =>
    lines.some(({ fields }) => String(fields['blockers']).includes('the prepared transaction'))
  await eventually(isTold, { timeoutMs: 30_000, about: 'A word on what it waits for' })
  await stream.changesOf('select 1')
  assert.equal(rows.snapshots.length, 0)
  await writer.query(`commit prepared '${database.name}'`)
  await filled(database.url)
  await assertSame(database, rows, 't')
})

// the second is in another order than the columns
for (const key of ['id', 'half, id']) {
  test(`a row whose large value the stream leaves out within the window is read again, by its key (${key})`, async () => {
    await using database = await withRows(
      `create table t (id int, half int default 7, n int, large text, primary key (${key}));
     alter table t alter column large set storage external;
     insert into t select i, 7, 0, repeat('x', 9000) from generate_series(1, 3) as i`,
    )
    const rows = new LastRows('t')
    await using stream = openFill(database, { rows })
    await using blocker = await openSession(database.url)
    await blocker.query('begin; lock table t in row exclusive mode')
    await startBackfill({ url: database.url })
    await blocked(database)
    await database.query('update t set n = 1 where id = 2')
    await blocker.query('commit')
    await filled(database.url)
    const updates = stream.events.filter((event) => event.kind === 'update')
    assert.ok(updates.some(({ values }) => values.some((value) => typeof value === 'symbol')))
    await assertSame(database, rows, 't')
    assert.deepEqual(
      rows.snapshots.map(({ id }) => id),
      [1, 3, 2],
    )
  })
}

/** Runs statements while the first row that was read waits to be handed on; the rows are right then. Gives what came. */
async function fillAround(
  database: TemporaryDatabase,
  chunkRows: number,
  statements: readonly string[],
): Promise<readonly string[]> {
  const rows = new LastRows('t')
  const first = new FirstSnapshot()
  await using stream = openFill(database, { rows, first, chunkRows })
  await startBackfill({ url: database.url })
  await first.arrived
  for (const statement of statements) await database.query(statement)
  first.letGo()
  await filled(database.url)
  await assertSame(database, rows, 't')
  return stream.events.map(({ kind }) => kind)
}

test('a row that comes into the range that is already read, without its large value, is read again', async () => {
  await using database = await withRows(
    `create table t (id int primary key, n int, large text);
     alter table t alter column large set storage external;
     insert into t select i * 10, 0, repeat('x', 9000) from generate_series(1, 40) as i`,
  )
  const kinds = await fillAround(database, 1, ['update t set id = 5 where id = 400'])
  assert.ok(kinds.includes('update'))
})

test('so is one that comes there by its primary key, where another index identifies rows', async () => {
  await using database = await withRows(
    `create table t (id int primary key, code int not null, large text); create unique index t_code on t (code);
     alter table t replica identity using index t_code; alter table t alter column large set storage external;
     insert into t select i, i, repeat('x', 9000) from generate_series(1, 60) as i`,
  )
  const rows = new LastRows('t', 'code')
  const first = new FirstSnapshot()
  await using stream = openFill(database, { rows, first, chunkRows: 2 })
  await startBackfill({ url: database.url })
  await first.arrived
  await database.query('update t set id = 0 where code = 60')
  first.letGo()
  await filled(database.url)
  assert.ok(stream.events.some(({ kind }) => kind === 'update'))
  await assertSame(database, rows, 't')
})

test('a table without key that is written anew is read from its first page', async () => {
  await using database = await withRows(
    `create table t (id int, filler text);
     insert into t select i, repeat('x', 1500) from generate_series(1, 500) as i`,
  )
  const kinds = await fillAround(database, 20, ['delete from t where id <= 300', 'vacuum full t'])
  assert.ok(kinds.includes('delete'))
})

test('rows that a policy hides from the user end the backfill of their table, in words', async () => {
  await using database = await withRows(
    `create table t (id int primary key, v text); insert into t values (1, 'shown'), (2, 'hidden');
     create table u (id int primary key); insert into u values (7);
     alter table t enable row level security; create policy p on t using (v = 'shown')`,
  )
  await using role = await readingRole(database, ['t', 'u'])
  const { url } = role
  await using reader = await openSession(url)
  assert.equal((await reader.query('select from t')).length, 1, 'without a word, a row is missing')
  const rows = new LastRows('u')
  await using stream = openFill({ ...database, url }, { rows })
  await startBackfill({ url })
  const [t, u] = await filled(url)
  assert.equal(t!.state, 'failed')
  assert.match(t!.error!, /row-level security/)
  assert.equal(u!.state, 'done')
  assert.deepEqual([...rows.both[0].keys()], [7])
  assert.ok(stream.events.length > 0)
})
