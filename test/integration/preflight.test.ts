import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { PgstreamError } from '../../src/errors.ts'
import type { ErrorCode } from '../../src/errors.ts'
import { init } from '../../src/postgres/init.ts'
import type { InitOptions } from '../../src/postgres/init.ts'
import { readMigrations } from '../../src/postgres/migration-files.ts'
import { defaultSlotName } from '../../src/postgres/slot-name.ts'
import { tearDown } from '../../src/postgres/tear-down.ts'
import { check, problemsOf } from '../support/check-report.ts'
import { postgresServers, startPostgres, temporaryDatabase } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { assertPrepared, traces } from '../support/prepared-state.ts'

/** `init` says one thing that is wrong and what to do, holds no password, and has changed nothing. */
async function refuses(
  database: TemporaryDatabase,
  options: InitOptions,
  expected: { code: ErrorCode; said: RegExp; remedy: RegExp },
): Promise<void> {
  const before = await traces(database)
  await assert.rejects(init(options), (error) => {
    assert.ok(error instanceof PgstreamError)
    assert.equal(error.code, expected.code)
    assert.match(error.message, expected.said)
    assert.match(error.remedy, expected.remedy)
    assert.doesNotMatch(`${error.message} ${error.remedy}`, /hush|postgres:postgres@/)
    return true
  })
  assert.deepEqual(await traces(database), before)
}

const withUser = (url: string, user: string, password: string): string =>
  Object.assign(new URL(url), { username: user, password }).href

/** A role of the server that is no superuser, and goes with the test. */
async function role(
  database: TemporaryDatabase,
  rights = '',
): Promise<AsyncDisposable & { name: string; url: string }> {
  const name = `ann_${randomBytes(4).toString('hex')}`
  await database.query(`create role ${name} login password 'hush' ${rights}`)
  return {
    name,
    url: withUser(database.url, name, 'hush'),
    [Symbol.asyncDispose]: async () => {
      await database.query(`drop owned by ${name} cascade; drop role ${name}`)
    },
  }
}

for (const { major, url } of postgresServers()) {
  void describe(`what init cannot do on Postgres ${major}`, () => {
    test('a wrong password, user, database, host and port are each told with what was tried', async () => {
      await using database = await temporaryDatabase(url)
      const { hostname, port } = new URL(url)
      const wrong = (part: Partial<URL>): InitOptions => ({
        url: Object.assign(new URL(database.url), part).href,
      })
      const refused = { code: 'PGSTREAM_SOURCE_REFUSED' } as const
      const away = { code: 'PGSTREAM_SOURCE_UNREACHABLE' } as const
      await refuses(database, wrong({ password: 'hush' }), {
        ...refused,
        said: new RegExp(`"${database.name}" at ${hostname}:${port} as user "postgres"`),
        remedy: /password/,
      })
      await refuses(database, wrong({ username: 'nobody' }), { ...refused, said: /"nobody"/, remedy: /user/ })
      await refuses(database, wrong({ pathname: '/no-such' }), {
        ...refused,
        said: /"no-such"/,
        remedy: /database/,
      })
      await refuses(database, wrong({ port: '1' }), { ...away, said: /:1 .*ECONNREFUSED/, remedy: /port/ })
      await refuses(database, wrong({ hostname: 'no-such.invalid' }), {
        ...away,
        said: /no-such\.invalid/,
        remedy: /host/,
      })
    })

    test('a user who is no superuser is told every right that is missing, and where to get them', async () => {
      await using database = await temporaryDatabase(url)
      await using plain = await role(database)
      await refuses(
        database,
        { url: plain.url },
        {
          code: 'PGSTREAM_NO_RIGHT',
          said: new RegExp(
            `"${plain.name}" may not replicate, nor create a schema .*, nor create event triggers, nor publish`,
          ),
          remedy: /superuser.*--print-sql.*alter role .* replication/s,
        },
      )
      await using replicating = await role(database, 'replication')
      await database.query(`grant create on database "${database.name}" to ${replicating.name}`)
      await refuses(
        database,
        { url: replicating.url },
        {
          code: 'PGSTREAM_NO_RIGHT',
          said: /may not create event triggers, nor publish/,
          remedy: /--print-sql/,
        },
      )
    })

    test('only a slot is missing: no superuser is needed for that', async () => {
      await using database = await temporaryDatabase(url)
      await init({ url: database.url })
      await using replicating = await role(database, 'replication')
      await database.query(
        `grant usage on schema pgstream to ${replicating.name};
         grant select, insert, update on all tables in schema pgstream to ${replicating.name};
         grant execute on all functions in schema pgstream to ${replicating.name}`,
      )
      const slotName = `second_${database.name}`
      await init({ url: replicating.url, slotName })
      await assertPrepared(database, slotName)
    })

    test("tear-down of somebody else's schema names whom to ask", async () => {
      await using database = await temporaryDatabase(url)
      await init({ url: database.url })
      await using plain = await role(database)
      const before = await traces(database)
      await assert.rejects(tearDown({ url: plain.url }), (error) => {
        assert.ok(error instanceof PgstreamError)
        return error.code === 'PGSTREAM_NO_RIGHT' && /as postgres/.test(error.remedy)
      })
      assert.deepEqual(await traces(database), before)
    })

    test('a slot of that name that is of another kind or database is left alone', async () => {
      await using database = await temporaryDatabase(url)
      await using neighbour = await temporaryDatabase(url)
      const expected = { code: 'PGSTREAM_SLOT_INVALID', remedy: /--slot-name/ } as const
      const name = `taken_${neighbour.name}`
      await neighbour.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [name])
      await refuses(
        database,
        { url: database.url, slotName: name },
        { ...expected, said: new RegExp(neighbour.name) },
      )
      const own = defaultSlotName(database.name)
      await database.query("select pg_create_logical_replication_slot($1, 'test_decoding')", [own])
      await refuses(database, { url: database.url }, { ...expected, said: /test_decoding/ })
      const physical = `physical_${neighbour.name}`
      await database.query('select pg_create_physical_replication_slot($1)', [physical])
      try {
        await refuses(database, { url: database.url, slotName: physical }, { ...expected, said: /physical/ })
      } finally {
        await database.query('select pg_drop_replication_slot($1)', [physical])
      }
    })

    test('a publication of that name that publishes something else is left alone', async () => {
      await using database = await temporaryDatabase(url)
      await database.query(
        'create table one (a int primary key); create publication pgstream_publication for table one',
      )
      await refuses(
        database,
        { url: database.url },
        { code: 'PGSTREAM_INIT_INCOMPLETE', said: /does not publish all/, remedy: /drop publication/ },
      )
    })

    test('a publication that is gone is not made anew under a slot that needs the old one', async () => {
      await using database = await temporaryDatabase(url)
      await init({ url: database.url })
      await database.query('drop publication pgstream_publication')
      await refuses(
        database,
        { url: database.url },
        {
          code: 'PGSTREAM_SLOT_INVALID',
          said: new RegExp(defaultSlotName(database.name)),
          remedy: /tear-down/,
        },
      )
      await tearDown({ url: database.url })
      await init({ url: database.url })
      await assertPrepared(database)
    })

    test('event triggers that are gone are told, because tables have changed unseen', async () => {
      await using database = await temporaryDatabase(url)
      await init({ url: database.url })
      await database.query(
        'drop event trigger pgstream_ddl_command_end; drop event trigger pgstream_sql_drop',
      )
      await refuses(
        database,
        { url: database.url },
        { code: 'PGSTREAM_INIT_INCOMPLETE', said: /event triggers/, remedy: /tear-down/ },
      )
    })

    test('the schema of the Go version, and that of a newer version of ours, are left alone', async () => {
      await using database = await temporaryDatabase(url)
      await database.query(
        'create schema pgstream; create table pgstream.schema_migrations (version bigint, dirty bool)',
      )
      await refuses(
        database,
        { url: database.url },
        { code: 'PGSTREAM_INIT_INCOMPLETE', said: /Go version/, remedy: /its schema and its slot/ },
      )
      await database.query('drop schema pgstream cascade')
      await init({ url: database.url })
      const newest = (await readMigrations()).at(-1)?.version ?? 0
      await database.query("insert into pgstream.migrations (version, name) values ($1, 'later')", [
        newest + 7,
      ])
      await refuses(
        database,
        { url: database.url },
        { code: 'PGSTREAM_MIGRATION_NEWER', said: new RegExp(`${newest + 7}.*${newest}`), remedy: /version/ },
      )
    })

    test('a server without logical WAL and without a free slot is told both, and changes nothing', async () => {
      await using server = await startPostgres({
        major,
        settings: { wal_level: 'replica', max_replication_slots: '0', max_wal_senders: '0' },
      })
      await using database = await temporaryDatabase(server.url)
      await refuses(
        database,
        { url: database.url },
        {
          code: 'PGSTREAM_WAL_LEVEL',
          said: /is replica.*max_replication_slots = 0/,
          remedy: /wal_level = logical.*restart/,
        },
      )
    })

    test('a standby cannot be prepared, and says that the primary can', async () => {
      await using server = await startPostgres({ major })
      await writeFile(join(server.dataDir, 'standby.signal'), '')
      await server.restart()
      await assert.rejects(init({ url: server.url }), (error) => {
        assert.ok(error instanceof PgstreamError)
        return error.code === 'PGSTREAM_SOURCE_STANDBY' && /primary/.test(error.remedy)
      })
      const problems = problemsOf(await check(['--pgurl', server.url]))
      assert.deepEqual(problems, [['Postgres: server', 'PGSTREAM_SOURCE_STANDBY']])
    })

    test('a server whose slots are all taken is told so, and a free one is enough', async () => {
      await using server = await startPostgres({
        major,
        settings: { max_replication_slots: '1', max_wal_senders: '1' },
      })
      await using database = await temporaryDatabase(server.url)
      await database.query("select pg_create_logical_replication_slot('taken', 'pgoutput')")
      await refuses(
        database,
        { url: database.url },
        { code: 'PGSTREAM_NO_FREE_SLOT', said: /All 1 replication slots/, remedy: /pg_replication_slots/ },
      )
      await database.query("select pg_drop_replication_slot('taken')")
      await init({ url: database.url })
      await assertPrepared(database)
      await init({ url: database.url })
    })
  })
}
