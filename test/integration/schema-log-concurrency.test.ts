import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postgresServers } from '../support/postgres.ts'
import { loggedDatabase } from '../support/logged-database.ts'
import { openSession } from '../support/session.ts'

const sorted = (lines: readonly string[]): string[] => [...lines].sort()

for (const server of postgresServers()) {
  const on = `Postgres ${server.major}: `

  test(`${on}DDL of a second session in the same schema neither waits nor fails while the first is open`, async () => {
    await using database = await loggedDatabase(server)
    await database.told('create table t (id int primary key); create table u (id int)')
    await using first = await openSession(database.url)
    await using second = await openSession(database.url)
    await first.query(
      `begin; create table a (id int primary key); alter table t add column b int; create table c as select 1 as id;
       create schema s; drop table u`,
    )
    await second.query(
      `set lock_timeout = '2s'; set deadlock_timeout = '1s';
       create table d (id int primary key); alter table d add column b int; create table e as select 1 as id;
       create schema r; drop table e; drop schema r`,
    )
    const early = await database.told('select')
    await first.query('commit')
    assert.deepEqual(early, [
      'public CREATE TABLE: d(id integer unique not null)',
      'public ALTER TABLE: d(id integer unique not null, b integer)',
      'public CREATE TABLE AS: e(id integer)',
      'r CREATE SCHEMA: ',
      'public DROP TABLE: without e',
      'r DROP SCHEMA: dropped',
    ])
    const all = await database.query<{ command: string }>(
      `select schema ->> 'command' as command from pgstream.schema_log
        where schema -> 'xid' = (select schema -> 'xid' from pgstream.schema_log where schema_name = 's') order by version`,
    )
    assert.deepEqual(
      all.map(({ command }) => command),
      ['CREATE TABLE', 'ALTER TABLE', 'CREATE TABLE AS', 'CREATE SCHEMA', 'DROP TABLE'],
    )
  })

  test(`${on}serializable transactions with DDL, open or prepared at the same time, all commit`, async () => {
    await using database = await loggedDatabase(server)
    await using first = await openSession(database.url)
    await using second = await openSession(database.url)
    const ddl = (name: string): string =>
      `begin isolation level serializable; select count(*) from pg_class; create table ${name} (id int primary key);
       alter table ${name} add column b int; create table ${name}2 as select 1 as id; drop table ${name}2`
    const id = (name: string): string => `${name}_${database.name}`
    await first.query(ddl('a'))
    await second.query(ddl('b'))
    await first.query(`prepare transaction '${id('a')}'`)
    await second.query(`prepare transaction '${id('b')}'`)
    await first.query(ddl('c'))
    await second.query(ddl('d'))
    await first.query('commit')
    await second.query('commit')
    await database.query(`commit prepared '${id('b')}'`)
    await database.query(`commit prepared '${id('a')}'`)
    const told = await database.told('select')
    assert.deepEqual(
      sorted(told),
      sorted(
        ['a', 'b', 'c', 'd'].flatMap((name) => [
          `public CREATE TABLE: ${name}(id integer unique not null)`,
          `public ALTER TABLE: ${name}(id integer unique not null, b integer)`,
          `public CREATE TABLE AS: ${name}2(id integer)`,
          `public DROP TABLE: without ${name}2`,
        ]),
      ),
    )
  })

  test(`${on}an entry says which transaction wrote it and which ones that could not see`, async () => {
    await using database = await loggedDatabase(server)
    await database.told('create table t (id int primary key)')
    await using open = await openSession(database.url)
    await open.query('begin; alter table t add column b int')
    const [other] = await database.entriesOf(`select pgstream.refresh_schema('public')`)
    await open.query('commit')
    const [altered] = await database.query<{ xid: string; seen: boolean }>(
      `select schema ->> 'xid' as xid, pg_visible_in_snapshot((schema ->> 'xid')::xid8, $1) as seen
         from pgstream.schema_log where schema ->> 'command' = 'ALTER TABLE'`,
      [other?.schema.snapshot],
    )
    assert.equal(altered?.seen, false)
    const [later] = await database.entriesOf(`select pgstream.refresh_schema('public')`)
    const [seen] = await database.query<{ seen: boolean }>(
      'select pg_visible_in_snapshot($1::xid8, $2::pg_snapshot) as seen',
      [altered.xid, later?.schema.snapshot],
    )
    assert.equal(seen?.seen, true)
  })

  test(`${on}a type is renamed beside a session that alters a table with it, and neither waits`, async () => {
    await using database = await loggedDatabase(server)
    await database.told(
      `create type e as enum ('a'); create table t (id int primary key, c e default 'a', d e generated always as (c) stored)`,
    )
    await using open = await openSession(database.url)
    await open.query('begin; alter table t add column b int')
    const began = performance.now()
    await database.query(`set lock_timeout = '2s'; alter type e rename to f; reset lock_timeout`)
    assert.ok(performance.now() - began < 1_500)
    await open.query('commit')
  })

  test(`${on}a transaction with an old view of the catalogs tells no table that is gone`, async () => {
    await using database = await loggedDatabase(server)
    await database.told(
      `create table p (id int primary key) partition by range (id);
       create table a partition of p for values from (1) to (9);
       create table b partition of p for values from (10) to (19)`,
    )
    await using old = await openSession(database.url)
    await old.query('begin isolation level repeatable read; select 1')
    await database.told('drop table a')
    const told = await database.told(() => old.query('alter table p add column c int; commit'))
    assert.deepEqual(told, [
      'public ALTER TABLE: b(id integer unique not null, c integer); p(id integer unique not null, c integer)',
    ])
  })
}
