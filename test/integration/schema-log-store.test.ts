import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { init } from '../../src/postgres/init.ts'
import { schemaLogStore } from '../../src/postgres/schema-log-store.ts'
import { tearDown } from '../../src/postgres/tear-down.ts'
import { translator } from '../../src/translator/translator.ts'
import { cuttingProxy } from '../../src/testing/index.ts'
import { askCatalogs } from '../support/expected-translation.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import type { StreamOptions, TestStream } from '../support/stream.ts'
import { inLines, isRow, translationOf } from '../support/translations.ts'
import { eventually } from '../support/wait.ts'

const [server] = postgresServers()

const translated = (database: TemporaryDatabase, options: StreamOptions = {}): TestStream =>
  openStream(database, {
    stages: [translator(options.logger ? { logger: options.logger } : {})],
    ...options,
  })

const markCount = async ({ query }: TemporaryDatabase): Promise<number> =>
  (await query<{ n: number }>('select count(*)::int as n from pgstream.schema_marks'))[0]!.n

/** Streams everything there is, and confirms it. */
async function catchUp(database: TemporaryDatabase, options: StreamOptions = {}): Promise<void> {
  await using stream = translated(database, options)
  await stream.changesOf('select 1')
  await stream.stop()
}

/** The only row that is inserted while a new stream runs. */
async function translationOfNext(
  database: TemporaryDatabase,
  sql: string,
  options: StreamOptions = {},
): Promise<unknown> {
  await using stream = translated(database, options)
  const row = (await stream.changesOf(sql)).find(isRow)!
  return translationOf(row)
}

test('entries are marked once, by however many that stream them', async () => {
  await using database = await preparedDatabase(server!)
  await database.query(`select pg_create_logical_replication_slot('second', 'pgoutput')`)
  await using one = translated(database)
  await using two = translated(database, { slotName: 'second' })
  await one.changesOf('create table t (a int primary key); alter table t add column b int')
  await two.changesOf('select 1')
  const entries = await database.query('select id from pgstream.schema_log')
  const marks = await database.query(
    `select m.entry_id, m.system_identifier = c.system_identifier::text as here, m.xid::text = l.schema ->> 'xid' as known
       from pgstream.schema_marks m join pgstream.schema_log l on l.id = m.entry_id, pg_control_system() c`,
  )
  assert.equal(marks.length, entries.length)
  assert.ok(marks.every(({ here, known }) => here && known))
})

test('after a restart, what was streamed by somebody who set no marks counts as known', async () => {
  await using database = await preparedDatabase(server!)
  await using stream = openStream(database)
  await stream.changesOf('create table t (a int primary key, b int); alter table t rename a to c')
  await stream.changesOf('alter table t rename b to a')
  await stream.stop()
  assert.equal(await markCount(database), 0)
  assert.deepEqual(
    await translationOfNext(database, 'insert into t values (1, 2)'),
    await askCatalogs(database.query, 't'),
  )
})

test('a log that was emptied is made up for, table by table, with a warning', async () => {
  await using database = await preparedDatabase(server!)
  await database.query(
    'create table t (a int primary key); create table u (a int); create table gone (a int)',
  )
  await catchUp(database)
  const before = await markCount(database)
  assert.ok(before >= 3)
  await database.query('truncate pgstream.schema_log')
  const { logger, lines } = heardLogger()
  await using stream = translated(database, { logger })
  const events = await stream.changesOf(
    'insert into t values (1); insert into u values (2); insert into t values (3)',
  )
  assert.deepEqual(inLines(events), ['entry t', 'insert t 1', 'entry u', 'insert u 2', 'insert t 3'])
  const [t, u] = [await askCatalogs(database.query, 't'), await askCatalogs(database.query, 'u')]
  assert.deepEqual(events.filter(isRow).map(translationOf), [t, u, t])
  assert.ok(
    lines.some(
      ({ level, message }) => level === 'warn' && /were removed from pgstream.schema_log/.test(message),
    ),
  )
  await stream.stop()
  assert.equal(await markCount(database), before + 2)
  assert.deepEqual(await translationOfNext(database, 'insert into t values (4)'), t)
})

test('where the newest entry of a table was removed, an older one is not believed', async () => {
  await using database = await preparedDatabase(server!)
  await database.query(
    'create table t (a int, b int); alter table t rename a to c; alter table t rename b to a',
  )
  await database.query('alter table t rename c to b')
  await catchUp(database)
  await database.query(
    'delete from pgstream.schema_log where version = (select max(version) from pgstream.schema_log)',
  )
  const { columns } = await askCatalogs(database.query, 't')
  const next = (await translationOfNext(database, 'insert into t values (1, 2)')) as { columns: unknown }
  assert.deepEqual(next.columns, columns)
})

test('a log that a dump brought from another database is not believed', async () => {
  await using origin = await preparedDatabase(server!)
  await origin.query('create table t (a int, b int); create schema gone; drop schema gone cascade')
  await catchUp(origin)
  const dumped = await origin.query<{ schema: object } & Record<'id' | 'schema_name' | 'created_at', string>>(
    'select * from pgstream.schema_log order by version',
  )
  const marks = await origin.query<{ entry_id: string }>('select * from pgstream.schema_marks')
  await using database = await preparedDatabase(server!)
  await database.query('create schema gone; create table gone.t (b int primary key, a int)')
  const [{ oid }] = (await database.query<{ oid: string }>(
    `select 'gone.t'::regclass::oid::text as oid`,
  )) as [{ oid: string }]
  const [{ lsn }] = (await database.query<{ lsn: string }>(
    'select pg_current_wal_insert_lsn()::text as lsn',
  )) as [{ lsn: string }]
  // the foreign entries have lower versions, and name the table by its oid
  await database.query('update pgstream.schema_log set version = version + 1000')
  await database.query(`select setval('pgstream.schema_log_version', 2000)`)
  for (const [i, { id, schema_name, schema, created_at }] of dumped.entries()) {
    const text = JSON.stringify({ ...schema, lsn }).replaceAll(/"oid":"\d+"/g, `"oid":"${oid}"`)
    await database.query(
      `insert into pgstream.schema_log (id, version, schema_name, schema, created_at) values ($1, $2, $3, $4, $5)`,
      [id, i + 1, schema_name, text, created_at],
    )
  }
  for (const { entry_id } of marks) {
    await database.query(
      `insert into pgstream.schema_marks (entry_id, system_identifier, commit_end) values ($1, '1', '0/1')`,
      [entry_id],
    )
  }
  assert.deepEqual(
    await translationOfNext(database, 'insert into gone.t values (1, 2)'),
    await askCatalogs(database.query, 'gone.t'),
  )
})

test('after tear-down and init, everything is known anew', async () => {
  await using database = await preparedDatabase(server!, {
    before: (made) => made.query('create table t (a int primary key)'),
  })
  const first = await translationOfNext(database, 'insert into t values (1)')
  await tearDown({ url: database.url, waitTimeoutMs: 20_000 })
  await database.query('alter table t add column b int')
  await init({ url: database.url })
  const second = await translationOfNext(database, 'insert into t values (2, 3)')
  assert.deepEqual(second, await askCatalogs(database.query, 't'))
  assert.equal((first as { tableId: string }).tableId, (second as { tableId: string }).tableId)
})

describe('a user who is not the owner', () => {
  test('is told at the start which rights are missing, and needs no others', async () => {
    await using database = await preparedDatabase(server!)
    const role = `${database.name}_reader`
    await database.query(`create role ${role} login replication password 'x'`)
    try {
      const url = new URL(database.url)
      url.username = role
      url.password = 'x'
      const limited = { ...database, url: url.href }
      const refused = translated(limited)
      await assert.rejects(refused.ended, {
        code: 'PGSTREAM_NO_RIGHT',
        remedy: new RegExp(
          `^grant usage on schema pgstream to "${role}"; grant select on pgstream.schema_log to "${role}"; grant select, insert on pgstream.schema_marks to "${role}";`,
        ),
      })
      await refused[Symbol.asyncDispose]()
      await database.query(
        `grant usage on schema pgstream to ${role}; grant select on pgstream.schema_log to ${role};
         grant select, insert on pgstream.schema_marks to ${role}`,
      )
      assert.deepEqual(
        await translationOfNext(limited, 'create table t (a int primary key); insert into t values (1)'),
        await askCatalogs(database.query, 't'),
      )
    } finally {
      await database.query(`drop owned by ${role}; drop role ${role}`)
    }
  })
})

test('a database without a schema log, or with an older one, is refused in words', async () => {
  await using database = await temporaryDatabase(server!.url)
  const open = (): Promise<void> => {
    const store = schemaLogStore({ url: database.url })
    return store.open(new AbortController().signal).finally(() => store.close())
  }
  await assert.rejects(open(), { code: 'PGSTREAM_NOT_INITIALIZED' })
  await init({ url: database.url })
  await database.query('alter table pgstream.schema_marks drop column xid')
  await assert.rejects(open(), { code: 'PGSTREAM_NOT_INITIALIZED', message: /older pgstream/ })
})

test('a store that is away at the start is an error; later the stream waits for it and says so', async () => {
  await using database = await preparedDatabase(server!)
  const proxy = await cuttingProxy({ target: database.url })
  const { logger, lines } = heardLogger()
  const store = schemaLogStore({ url: proxy.url, logger })
  {
    await using stream = openStream(database, { stages: [translator({ store, logger })] })
    await stream.changesOf('create table t (a int primary key)')
    proxy.refuse()
    proxy.cut()
    await database.query('begin; create table u (a int primary key); insert into u values (1); commit')
    await eventually(() =>
      lines.some(
        ({ level, message }) => level === 'warn' && /^Marking entries .* Trying again/.test(message),
      ),
    )
    const last = stream.events.at(-1)!
    assert.ok(isRow(last) && last.relation.table === 'u', 'only the commit waits')
    await proxy.accept()
    assert.deepEqual(inLines(await stream.changesOf('insert into u values (2)')), ['insert u 2'])
  }
  await proxy.close()
  const away = schemaLogStore({ url: proxy.url })
  await assert.rejects(away.open(new AbortController().signal), { code: 'PGSTREAM_SOURCE_UNREACHABLE' })
})

test('a store that goes away between the listener and the first change is waited for', async () => {
  await using database = await preparedDatabase(server!)
  const proxy = await cuttingProxy({ target: database.url })
  proxy.refuse()
  const { logger, lines } = heardLogger()
  const store = schemaLogStore({ url: proxy.url, logger, reachedBefore: true })
  {
    await using stream = openStream(database, { stages: [translator({ store, logger })] })
    await database.query('create table t (a int primary key); insert into t values (1)')
    await eventually(() => lines.some(({ message }) => /Trying again until it works/.test(message)))
    await proxy.accept()
    const rows = await stream.until((events) =>
      events.some((event) => isRow(event) && event.translation !== null),
    )
    assert.ok(rows)
  }
  await proxy.close()
})
