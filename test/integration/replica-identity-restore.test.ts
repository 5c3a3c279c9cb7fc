import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pgstream } from '../support/command.ts'
import { loggedDatabase } from '../support/logged-database.ts'
import type { LoggedDatabase } from '../support/logged-database.ts'
import { postgresServers } from '../support/postgres.ts'

const withoutTriggers = (statements: string): string =>
  `alter event trigger pgstream_ddl_command_end disable; alter event trigger pgstream_sql_drop disable; ${statements};
   alter event trigger pgstream_ddl_command_end enable always; alter event trigger pgstream_sql_drop enable always`

const call = async (
  database: LoggedDatabase,
  name: 'set_replica_identity_full' | 'restore_replica_identity',
  table: string,
): Promise<boolean | undefined> =>
  (await database.query<{ changed: boolean }>(`select pgstream.${name}($1::regclass) as changed`, [table]))[0]
    ?.changed

/** With the index that makes it, if one does. */
const identityOf = async (database: LoggedDatabase, table: string): Promise<string | undefined> => {
  const [row] = await database.query<{ identity: string }>(
    `select c.relreplident::text || coalesce(' ' || i.indexrelid::regclass, '') as identity
       from pg_class c left join pg_index i on i.indrelid = c.oid and i.indisreplident where c.oid = $1::regclass`,
    [table],
  )
  return row?.identity
}

for (const server of postgresServers()) {
  const on = `Postgres ${server.major}: `

  test(`${on}tables whose updates a publication would make fail are listed with the reason, and no others`, async () => {
    await using database = await loggedDatabase(server)
    await database.query(
      withoutTriggers(`create schema "S s"; create table "S s"."no Key" (a int, b text);
        create table deferrable_key (a int primary key deferrable); create table nothing (a int primary key);
        alter table nothing replica identity nothing; create table lost (a int not null); create unique index i on lost (a);
        alter table lost replica identity using index i; drop index i; create table partitioned (a int) partition by list (a);
        create table part partition of partitioned default; create unlogged table u (a int); create temp table x (a int);
        create table key (a int primary key); create table whole (a int); alter table whole replica identity full;
        create table by_index (a int not null); create unique index j on by_index (a);
        alter table by_index replica identity using index j; create view v as select 1 as one; create table partial (a int not null);
        create unique index k on partial (a) where a > 0; create materialized view m as select 1 as one`),
    )
    assert.deepEqual(
      await database.query(
        `select table_oid = format('%I.%I', schema_name, table_name)::regclass as named, schema_name, table_name, reason, toast
           from pgstream.tables_without_identity() order by 2, 3`,
      ),
      [
        ['S s', 'no Key', 'it has no primary key', true],
        ['public', 'deferrable_key', 'its primary key can be deferred', false],
        ['public', 'lost', 'the index of its replica identity is gone', false],
        ['public', 'nothing', 'its replica identity is NOTHING', false],
        ['public', 'part', 'it has no primary key', false],
        ['public', 'partial', 'it has no primary key', false],
      ].map(([schema, table, reason, toast]) => ({
        ...{ named: true, schema_name: schema, table_name: table, reason, toast },
      })),
    )
  })

  test(`${on}what a table's identity was is restored, once`, async () => {
    await using database = await loggedDatabase(server)
    await database.query(
      withoutTriggers(`create table d (a int); create table "N n" (a int primary key);
        alter table "N n" replica identity nothing; create table k (a int primary key)`),
    )
    for (const table of ['d', '"N n"']) {
      assert.equal(await call(database, 'set_replica_identity_full', table), true)
      assert.equal(await identityOf(database, table), 'f')
      assert.equal(await call(database, 'set_replica_identity_full', table), false)
    }
    assert.equal(await call(database, 'set_replica_identity_full', 'k'), false)
    assert.equal(await identityOf(database, 'k'), 'd')
    await database.query('alter table d rename to e')
    await database.query('drop event trigger pgstream_ddl_command_end')
    for (const [table, identity] of [
      ['e', 'd'],
      ['"N n"', 'n'],
    ] as const) {
      assert.equal(await call(database, 'restore_replica_identity', table), true)
      assert.equal(await identityOf(database, table), identity)
      assert.equal(await call(database, 'restore_replica_identity', table), false)
    }
    assert.deepEqual(await database.query('select from pgstream.replica_identities'), [])
  })

  test(`${on}an index identity whose index is gone is restored as what it amounts to`, async () => {
    await using database = await loggedDatabase(server)
    await database.query('create table t (a int not null); create unique index i on t (a)')
    await database.query('alter table t replica identity using index i; drop index i')
    await database.query('drop event trigger pgstream_ddl_command_end')
    assert.equal(await call(database, 'restore_replica_identity', 't'), true)
    assert.equal(await identityOf(database, 't'), 'n')
  })

  if (server.major < 18) {
    test(`${on}an index over a generated column is the identity again, under whatever name`, async () => {
      await using database = await loggedDatabase(server)
      await database.query('create table t (a int, b int generated always as (a + 1) stored not null unique)')
      await database.query('alter table t replica identity using index t_b_key')
      assert.equal(await identityOf(database, 't'), 'f')
      await database.query('alter index t_b_key rename to "b B"')
      await database.query('drop event trigger pgstream_ddl_command_end')
      assert.equal(await call(database, 'restore_replica_identity', 't'), true)
      assert.equal(await identityOf(database, 't'), 'i "b B"')
    })

    test(`${on}init that is run again leaves a key that is not sent without being the identity`, async () => {
      await using database = await loggedDatabase(server)
      await database.query('create table t (a int, b int generated always as (a + 1) stored primary key)')
      const { url } = database
      for (let run = 0; run < 2; run++) {
        const { stdout } = await pgstream(['init', '--pgurl', url])
        assert.doesNotMatch(stdout, /restored/)
        assert.equal(await identityOf(database, 't'), 'f')
      }
      assert.equal((await pgstream(['tear-down', '--pgurl', url])).code, 0)
      assert.equal(await identityOf(database, 't'), 'd')
    })
  }

  test(`${on}an identity that its user changed since is left alone`, async () => {
    await using database = await loggedDatabase(server)
    await database.query('create table t (a int)')
    assert.equal(await identityOf(database, 't'), 'f')
    await database.query('alter table t add primary key (a)')
    assert.equal(await identityOf(database, 't'), 'f', 'the trigger cannot know who wants it full')
    await database.query('alter table t replica identity default')
    assert.equal(await call(database, 'restore_replica_identity', 't'), false)
    assert.equal(await identityOf(database, 't'), 'd')
  })

  test(`${on}a table changed several times gets back what its user wanted last`, async () => {
    await using database = await loggedDatabase(server)
    await database.query('create table t (a int); alter table t add primary key (a)')
    await database.query('alter table t replica identity nothing')
    assert.equal(await identityOf(database, 't'), 'f')
    await database.query('drop event trigger pgstream_ddl_command_end')
    assert.equal(await call(database, 'restore_replica_identity', 't'), true)
    assert.equal(await identityOf(database, 't'), 'n')
  })

  test(`${on}what was remembered of another server's table with the same oid restores nothing`, async () => {
    await using database = await loggedDatabase(server)
    await database.query('create table t (a int)')
    await database.query('update pgstream.replica_identities set table_id = pgstream.new_id()')
    assert.equal(await call(database, 'restore_replica_identity', 't'), false)
    assert.equal(await identityOf(database, 't'), 'f')
  })

  if (server.major >= 18) {
    test(`${on}a table with a virtual generated column gets a key as identity, or is told to need one`, async () => {
      await using database = await loggedDatabase(server)
      await database.query(
        'create publication everything for all tables with (publish_generated_columns = stored)',
      )
      await database.query('create table t (a int not null unique, b int generated always as (a + 1))')
      assert.equal(await identityOf(database, 't'), 'i t_a_key')
      await database.query('update t set a = a')
      assert.deepEqual(database.warnings(), [])

      await database.query('create table u (a int)')
      assert.equal(await identityOf(database, 'u'), 'f')
      await database.query('alter table u add column b int generated always as (a + 1)')
      assert.match(database.warnings().join(), /virtual generated column .*until it has a primary key/)
      await database.query('alter table u add primary key (a)')
      assert.equal(await identityOf(database, 'u'), 'd')
      await database.query('update u set a = a')
      assert.deepEqual(database.warnings(), [])
      await database.query('drop event trigger pgstream_ddl_command_end')
      assert.equal(await call(database, 'restore_replica_identity', 'u'), true)
      assert.equal(await identityOf(database, 'u'), 'd', 'full was ours, too')
    })
  }
}
