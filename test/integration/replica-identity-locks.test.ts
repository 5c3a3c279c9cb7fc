import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loggedDatabase } from '../support/logged-database.ts'
import type { LoggedDatabase } from '../support/logged-database.ts'
import { postgresServers } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'

/** A table that no trigger saw, as there are after a restore or a session of a superuser without triggers. */
async function unseenTable(database: LoggedDatabase): Promise<void> {
  await database.query('alter event trigger pgstream_ddl_command_end disable')
  await database.query(
    'create table t (a int not null, b int); alter table t add constraint c check (a > 0) not valid',
  )
  await database.query('alter event trigger pgstream_ddl_command_end enable always')
}

const identity = async (database: LoggedDatabase, table = 't'): Promise<string | undefined> =>
  (
    await database.query<{ identity: string }>(
      'select relreplident as identity from pg_class where relname = $1',
      [table],
    )
  )[0]?.identity

const weakCommands = [
  'alter table t alter column a set statistics 9',
  'alter table t validate constraint c',
  'create unique index on t (a)',
  `comment on column t.a is 'words'`,
  'alter table t set (autovacuum_enabled = off)',
]

for (const server of postgresServers()) {
  const on = `Postgres ${server.major}: `

  test(`${on}a command with a weak lock leaves the identity alone, waits for no reader, and reports the table`, async () => {
    await using database = await loggedDatabase(server)
    await unseenTable(database)
    await using reader = await openSession(database.url)
    await reader.query('begin; select from t')
    await using writer = await openSession(database.url)
    for (const command of weakCommands) {
      const writes = !command.includes('index')
      if (writes) await writer.query('begin; insert into t select coalesce(max(a), 0) + 1 from t')
      await database.query(`begin; set local lock_timeout = '2s'`)
      await database.query(command)
      const strong = await database.query(
        `select from pg_locks where pid = pg_backend_pid() and relation = 't'::regclass and mode = 'AccessExclusiveLock'`,
      )
      assert.deepEqual(strong, [], command)
      await database.query('commit')
      assert.match(
        database.warnings().join(),
        /has no primary key; this command locks the table too weakly/,
        command,
      )
      if (writes) await writer.query('commit')
    }
    assert.equal(await identity(database), 'd')
    await reader.query('commit')
    const [table] = await database.query<{ table_oid: number }>(
      'select table_oid from pgstream.tables_without_identity()',
    )
    await database.query('select pgstream.set_replica_identity_full($1)', [table?.table_oid])
    assert.equal(await identity(database), 'f')
    for (const command of weakCommands)
      await database.query(command.replace('set (auto', 'reset (auto').replace(' = off', ''))
    assert.deepEqual(database.warnings(), [])
  })

  test(`${on}a command with the strongest lock mends a table that no trigger saw`, async () => {
    await using database = await loggedDatabase(server)
    await unseenTable(database)
    await database.query('alter table t add column c int')
    assert.equal(await identity(database), 'f')
    assert.deepEqual(database.warnings(), [])
  })

  test(`${on}an identity index dropped concurrently leaves an identity behind, at once where nobody reads`, async () => {
    await using database = await loggedDatabase(server)
    await database.query('create table t (a int not null); create unique index i on t (a)')
    await database.query('alter table t replica identity using index i')
    await database.query('drop index concurrently i')
    assert.equal(await identity(database), 'f')
    assert.deepEqual(database.warnings(), [])
  })

  test(`${on}DDL on other tables does not touch a table that the session only writes to`, async () => {
    await using database = await loggedDatabase(server)
    await unseenTable(database)
    await using writer = await openSession(database.url)
    await writer.query('begin; insert into t select coalesce(max(a), 0) + 1 from t')
    await database.query(
      `set lock_timeout = '2s'; begin; insert into t values (2); create table other (a int); drop table other; commit`,
    )
    await writer.query('commit')
    assert.equal(await identity(database), 'd')
  })

  test(`${on}a transaction with an old view of the catalogs mends what others mended once, and is logged`, async () => {
    const commands = ['alter table t alter column b set default 5', 'alter table t rename to u']
    for (const command of commands) {
      await using database = await loggedDatabase(server)
      await unseenTable(database)
      await using old = await openSession(database.url)
      const warned: string[] = []
      old.client.on('notice', ({ message }) => warned.push(message ?? ''))
      await old.query('begin isolation level repeatable read; select 1')
      await database.told(`select pgstream.set_replica_identity_full('t'::regclass)`)
      const name = command.endsWith('u') ? 'u' : 't'
      const told = await database.told(() => old.query(`${command}; commit`))
      assert.deepEqual(told, [`public ALTER TABLE: ${name}(a integer not null, b integer)`])
      assert.equal((await database.described(name)).replica_identity, 'full')
      assert.deepEqual(warned, [])
      assert.equal(await identity(database, name), 'f')
      await database.query(`drop event trigger pgstream_ddl_command_end`)
      await database.query(`select pgstream.restore_replica_identity($1::regclass)`, [name])
      assert.equal(await identity(database, name), 'd')
    }
  })

  test(`${on}a user's own choice of an identity stays where Postgres accepts it, whatever else is set`, async () => {
    await using database = await loggedDatabase(server)
    await database.query(`create table t (a int not null unique, b int); set pgstream.command = 'DROP INDEX'`)
    const choices: [identity: string, stays: string][] = [
      ['using index t_a_key', 'i'],
      ['full', 'f'],
      ['default', 'f'],
      ['nothing', 'f'],
    ]
    for (const level of ['read committed', 'serializable']) {
      for (const [choice, stays] of choices) {
        await database.query(
          `begin isolation level ${level}; select 1; alter table t replica identity ${choice}; commit`,
        )
        assert.equal(await identity(database), stays, `${level}: ${choice}`)
      }
    }
    assert.deepEqual(database.warnings(), [])
  })
}
