import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeKnownTable } from '../../src/postgres/known-table.ts'
import { KnownTables } from '../../src/wal/known-tables.ts'
import { postgresServers } from '../support/postgres.ts'
import { loggedDatabase } from '../support/logged-database.ts'
import type { LoggedDatabase, WrittenEntry } from '../support/logged-database.ts'
import { openSession } from '../support/session.ts'
import { eventually } from '../support/wait.ts'

const sorted = (lines: readonly string[]): string[] => [...lines].sort()

/** Sessions called `slow` wait, behind each look at tables, for whoever holds the advisory lock 1. */
const slowDown = `
  alter function pgstream.describe_tables(oid[]) rename to describe_at_once;
  create function pgstream.describe_tables(table_oids oid[])
  returns table (table_oid oid, schema_name text, description jsonb) language plpgsql stable as $$
  begin
    return query select * from pgstream.describe_at_once(table_oids);
    if current_setting('application_name') = 'slow' then
      perform pg_advisory_xact_lock_shared(1);
    end if;
  end $$`

/** What a reader of the stream makes of the entries. */
function columnsOf(table: string, entries: readonly WrittenEntry[]): string[] | undefined {
  const known = new KnownTables(describeKnownTable)
  for (const { id, version, schema_name: schemaName, schema } of entries)
    known.learn({ id, version: Number(version), schemaName, createdAt: '', schema })
  return known.find('public', table)?.columns.map(({ name }) => name)
}

/** Runs one statement, and another one as soon as the first has looked at its tables. */
async function meanwhile(database: LoggedDatabase, slow: string, quick: string): Promise<void> {
  await using holder = await openSession(database.url)
  await using slowed = await openSession(database.url, 'slow')
  await holder.query('select pg_advisory_lock(1)')
  const done = slowed.query(slow)
  await eventually(async () => {
    const waiting = await database.query(
      `select from pg_locks where pid = $1 and locktype = 'advisory' and not granted`,
      [slowed.pid],
    )
    return waiting.length > 0
  })
  await database.query(quick)
  await holder.query('select pg_advisory_unlock(1)')
  await done
}

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

  test(`${on}an entry that describes a table as it was before others changed it does not claim to know that`, async () => {
    await using database = await loggedDatabase(server)
    await database.query(`create type e as enum ('a'); create table t (a int primary key, c e)`)
    await database.query('create table u (a int primary key)')
    await database.query(slowDown)
    const entries: WrittenEntry[] = await database.entriesOf('select')
    const slow = [
      `select pgstream.refresh_schema('public')`,
      'alter type e rename to f',
      'alter type f rename to e',
    ]
    for (const [i, command] of slow.entries()) {
      entries.push(
        ...(await database.entriesOf(() =>
          meanwhile(database, command, `alter table t add column b${i} int`),
        )),
      )
      const [before, after] = entries.slice(-2)
      assert.deepEqual(
        [before?.schema.command, after?.schema.command],
        ['ALTER TABLE', command.startsWith('alter') ? 'ALTER TYPE' : 'REFRESH'],
      )
      const columns = await database.query<{ name: string }>(
        `select attname as name from pg_attribute where attrelid = 't'::regclass and attnum > 0 order by attnum`,
      )
      assert.deepEqual(
        columnsOf('t', entries),
        columns.map(({ name }) => name),
        command,
      )
    }
    entries.push(...(await database.entriesOf(() => meanwhile(database, slow[0]!, 'drop table u'))))
    assert.equal(columnsOf('u', entries), undefined)
    assert.deepEqual(database.warnings(), [])
  })
}
