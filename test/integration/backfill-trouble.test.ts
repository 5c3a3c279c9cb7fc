import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChunkReader } from '../../src/postgres/backfill/chunk-reader.ts'
import { backfillStatus, startBackfill } from '../../src/postgres/backfill/request-backfill.ts'
import { assertSame, filled, openFill } from '../support/backfill/fill.ts'
import { FirstSnapshot, LastRows } from '../support/backfill/last-rows.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { postgresServers, startPostgres } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { readingRole } from '../support/reading-role.ts'
import { openSession } from '../support/session.ts'
import { silentStandby } from '../support/silent-standby.ts'
import { preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

const [server] = postgresServers()
const withRows = (sql: string): Promise<TemporaryDatabase> =>
  preparedDatabase(server!, { before: (database) => database.query(sql) })
const numbers = (table: string): string =>
  `create table ${table} (id int primary key, v int); insert into ${table} select i, i from generate_series(1, 3000) as i;`

test('a table without a key that is rewritten and has more pages then is read to its new end', async () => {
  await using database = await withRows(
    `create table t (id int, v int); insert into t select i, i from generate_series(1, 500) as i`,
  )
  const rows = new LastRows('t')
  const first = new FirstSnapshot()
  await using stream = openFill(database, { rows, first, chunkRows: 20 })
  await startBackfill({ url: database.url })
  await first.arrived
  await database.query(`alter table t alter column v type text using repeat('x', 1500)`)
  first.letGo()
  await filled(database.url)
  await assertSame(database, rows, 't')
  assert.ok(stream)
})

test('a watermark that cannot be written is no fault of the tables', async (t) => {
  await using database = await withRows(numbers('t') + numbers('u'))
  const third = 2
  t.mock.method(ChunkReader.prototype, 'markHigh').mock.mockImplementationOnce(async function (
    this: ChunkReader,
  ) {
    await this.client.query('select pg_cancel_backend(pg_backend_pid()), pg_sleep(5)')
  }, third)
  const { logger, lines } = heardLogger()
  const rows = new LastRows('t')
  await using stream = openFill(database, { rows, chunkRows: 100, logger })
  await startBackfill({ url: database.url })
  const tables = await filled(database.url)
  assert.deepEqual(
    tables.map(({ state }) => state),
    ['done', 'done'],
  )
  assert.ok(lines.some(({ message }) => message.includes('Trying again until it works')))
  await assertSame(database, rows, 't')
  assert.ok(stream)
})

test('a column whose DDL is in the stream and not visible yet is in the rows', async () => {
  await using own = await startPostgres({ major: server!.major })
  await using database = await preparedDatabase(own, {
    before: ({ query }) =>
      query(`create table t (id int primary key, v text); insert into t values (1, 'a'), (2, 'b'), (3, 'c')`),
  })
  const rows = new LastRows('t')
  await using stream = openFill(database, { rows })
  await using writer = await silentStandby(database)
  const committing = writer.query(`alter table t add column w text default 'x'`)
  const tells = (event: { readonly kind: string }): boolean =>
    event.kind === 'schema-change' &&
    JSON.stringify(event, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    ).includes('"w"')
  await stream.until((events) => events.some(tells), 'The DDL in the stream')
  await startBackfill({ url: database.url })
  await eventually(
    async () =>
      (
        await database.query(
          `select from pg_stat_activity where datname = current_database() and application_name = 'pgstream backfill'
              and (wait_event_type = 'Lock' or query like '%virtualtransaction = any%')`,
        )
      ).length > 0,
    { every: 5, about: 'The backfill that waits' },
  )
  await writer.letGo()
  await committing
  await filled(database.url)
  await assertSame(database, rows, 't')
})

test('a large chunk that cannot be cancelled, because nobody may connect any more, is read', async () => {
  await using database = await withRows(
    `create table a (id int primary key, v text); insert into a values (1, 'a');
     create table b (id int primary key, v text); alter table b alter v set storage external;
     insert into b select i, repeat('x', 200000) from generate_series(1, 250) as i`,
  )
  await using role = await readingRole(database, ['a', 'b'])
  const rows = new LastRows('b')
  const first = new FirstSnapshot()
  const { logger, lines } = heardLogger()
  await using stream = openFill({ ...database, url: role.url }, { rows, first, logger })
  await startBackfill({ url: role.url, tables: ['public.a'] })
  await first.arrived
  await database.query(`alter role ${role.name} nologin`)
  await startBackfill({ url: database.url, tables: ['public.b'] })
  // the sessions are closed, for ever here, when no table is left
  const begun = (): boolean => lines.some(({ fields }) => fields['table'] === 'public.b')
  await eventually(begun, { timeoutMs: 60_000, every: 20, about: 'The backfill that knows the second table' })
  first.letGo()
  const tables = await filled(database.url)
  await database.query(`alter role ${role.name} login`)
  assert.deepEqual(
    tables.map(({ state }) => state),
    ['done', 'done'],
  )
  assert.equal(rows.both[0].size, 250)
  assert.ok(stream)
})

test('whoever waits to alter a table for long, behind somebody who reads it, is waited for, and other tables go first', async (t) => {
  await using database = await withRows(numbers('t') + numbers('u'))
  await using reader = await openSession(database.url, 'somebody who reads t')
  await using other = await openSession(database.url, 'somebody who waits to alter t')
  await reader.query('begin; select count(*) from t')
  const altering = other.query('alter table t add column w int default 7')
  altering.catch(() => undefined) // told below
  const original: (this: ChunkReader, text: string) => Promise<void> = Reflect.get(
    ChunkReader.prototype,
    'markLow',
  )
  const { mock } = t.mock.method(
    ChunkReader.prototype,
    'markLow',
    async function (this: ChunkReader, text: string) {
      await this.client.query(`set lock_timeout = '5ms'`) // two seconds, thirty times, are a minute
      await original.call(this, text)
    },
  )
  const { logger, lines } = heardLogger()
  const rows = new LastRows('t')
  await using stream = openFill(database, { rows, logger })
  await startBackfill({ url: database.url })
  const states = async (): Promise<string[][]> =>
    (await backfillStatus({ url: database.url })).map(({ table, state }) => [table, state])
  await eventually(async () => (await states()).some(([table, state]) => table === 'u' && state === 'done'), {
    timeoutMs: 60_000,
    about: 'The end of the table that nobody has locked',
  })
  const before = mock.callCount()
  const isWaiting = (): boolean => mock.callCount() > before + 30
  await eventually(isWaiting, { timeoutMs: 60_000, every: 20, about: 'The backfill that waits for long' })
  assert.deepEqual((await states()).sort(), [
    ['t', 'waiting'],
    ['u', 'done'],
  ])
  assert.ok(lines.some(({ message }) => message.includes('waits for somebody who has locked it')))
  await reader.query('commit')
  await altering
  const tables = await filled(database.url)
  assert.deepEqual(
    tables.map(({ state }) => state),
    ['done', 'done'],
  )
  await assertSame(database, rows, 't')
  assert.ok(stream)
})
