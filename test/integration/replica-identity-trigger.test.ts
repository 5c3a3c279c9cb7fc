import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loggedDatabase } from '../support/logged-database.ts'
import type { LoggedDatabase } from '../support/logged-database.ts'
import { postgresServers } from '../support/postgres.ts'
import type { PostgresServer } from '../support/postgres.ts'

/** With the publication that makes Postgres ask every table for an identity. */
async function publishedDatabase(server: PostgresServer): Promise<LoggedDatabase> {
  const database = await loggedDatabase(server)
  await database.query(
    `create publication everything for all tables${server.major >= 18 ? ' with (publish_generated_columns = stored)' : ''}`,
  )
  return database
}

/** Fails as a user's statement would: Postgres asks for the identity also when there is no row. */
const change = (database: LoggedDatabase, table: string): Promise<unknown> =>
  database.query(`do $$ declare c name := (
      select attname from pg_attribute where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped
         and attgenerated = '' limit 1);
    begin execute format('update ${table} set %I = %I', c, c); delete from ${table}; end $$`)

const identityOf = async (database: LoggedDatabase, table: string): Promise<string | undefined> => {
  const [row] = await database.query<{ identity: string }>(
    'select relreplident as identity from pg_class where oid = $1::regclass',
    [table],
  )
  return row?.identity
}

const waysToMake: Readonly<Record<string, string>> = {
  'create table': 'create table t (a int)',
  'without columns that could be a key': 'create table t (a int, b int default 1)',
  'with a deferrable key': 'create table t (a int primary key deferrable)',
  'with a unique index only': 'create table t (a int not null unique)',
  like: 'create table o (a int primary key); create table t (like o)',
  inherits: 'create table o (a int primary key); create table t () inherits (o)',
  'of a type': 'create type o as (a int); create table t of o',
  'partition of': 'create table o (a int) partition by list (a); create table t partition of o default',
  'create table as': 'create table t as select 1 as a',
  'create table as with no data': 'create table t as select 1 as a with no data',
  'create table as execute': 'prepare o as select 1 as a; create table t as execute o; deallocate o',
  'select into': 'select 1 as a into t',
  'create schema':
    'create schema o create table t (a int) create table u (b int primary key); alter table o.t set schema public',
  'do block': 'do $$ begin create table t (a int); end $$',
  'do block that has a query open':
    'do $$ declare r record; begin for r in select 1 as a loop create table t as select r.a; end loop; end $$',
  'sql function': `create function o() returns void language sql as 'create table t (a int)'; select o()`,
  savepoint: 'begin; savepoint o; create table t (a int); release o; commit',
  serializable: 'begin isolation level serializable; select 1; create table t (a int); commit',
  'set logged': 'create unlogged table t (a int); alter table t set logged',
  'while triggers are off':
    'set session_replication_role = replica; create table t (a int); reset session_replication_role',
  'with a generated column': 'create table t (a int, b int generated always as (a + 1) stored)',
}

const waysToLose: Readonly<Record<string, string>> = {
  'drop the key': 'create table t (a int primary key); alter table t drop constraint t_pkey',
  'drop a column of the key':
    'create table t (a int, b int, primary key (a, b)); alter table t drop column b',
  'drop the index': `create table t (a int not null); create unique index i on t (a);
    alter table t replica identity using index i; drop index i`,
  'make the key deferrable': `create table t (a int primary key); alter table t drop constraint t_pkey,
    add primary key (a) deferrable`,
  'replica identity nothing': 'create table t (a int primary key); alter table t replica identity nothing',
  'replica identity default': 'create table t (a int); alter table t replica identity default',
  'drop the type': `create type o as enum ('x'); create table t (a int, b o primary key); drop type o cascade`,
  'drop the extension': `create extension citext; create table t (a int, b citext primary key); drop extension citext cascade`,
  'drop the key of the partitioned table': `create table o (a int primary key) partition by list (a);
    create table t partition of o default; alter table o drop constraint o_pkey`,
  'detach and drop': `create table o (a int primary key) partition by list (a); create table t partition of o default;
    alter table o detach partition t; alter table t drop constraint t_pkey`,
  'drop the attribute of the type': `create type o as (a int, b int); create table t of o (primary key (b));
    alter type o drop attribute b cascade`,
  'drop owned': `create role loser_of_t; create table t (a int); set role loser_of_t; reset role; grant create on schema public
    to loser_of_t; set role loser_of_t; create type ot as enum ('x'); reset role; alter table t add column b ot primary key;
    drop owned by loser_of_t cascade; drop role loser_of_t`,
}

/** Keys that Postgres sends from version 18 on. */
const waysToHideTheKey: Readonly<Record<string, string>> = {
  'a generated column as key': 'create table t (a int, b int generated always as (a + 1) stored primary key)',
  'a generated column in a key that is added': `create table t (a int not null, b int generated always as (a + 1) stored);
    alter table t add primary key (a, b)`,
  'a generated column as replica identity': `create table t (a int primary key, b int generated always as (a + 1) stored not null unique);
    alter table t replica identity using index t_b_key`,
}

for (const server of postgresServers()) {
  const on = `Postgres ${server.major}: `

  for (const [way, statements] of Object.entries(waysToHideTheKey)) {
    test(`${on}${way}: old rows come with what names them`, async () => {
      await using database = await publishedDatabase(server)
      for (const statement of statements.split(/;\s*/)) await database.query(statement)
      // one that had no key keeps FULL until init is run again
      const own = way.endsWith('identity') ? 'i' : way.endsWith('added') ? 'f' : 'd'
      assert.equal(await identityOf(database, 't'), server.major >= 18 ? own : 'f')
      await change(database, 't')
      assert.deepEqual(database.warnings(), [])
    })
  }

  test(`${on}a generated column that a key includes only hides nothing`, async () => {
    await using database = await publishedDatabase(server)
    await database.query(
      'create table t (a int, b int generated always as (a + 1) stored, primary key (a) include (b))',
    )
    assert.equal(await identityOf(database, 't'), 'd')
  })

  for (const [way, statements] of Object.entries({ ...waysToMake, ...waysToLose })) {
    test(`${on}updates and deletes work after "${way}"`, async () => {
      await using database = await publishedDatabase(server)
      // one by one, as users send them
      for (const statement of statements.split(/;\s*(?![^$]*\$\$)/)) await database.query(statement)
      assert.equal(await identityOf(database, 't'), 'f')
      await change(database, 't')
      assert.deepEqual(database.warnings(), [])
    })
  }
}
