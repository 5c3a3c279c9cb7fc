import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loggedDatabase } from '../support/logged-database.ts'
import type { LoggedDatabase } from '../support/logged-database.ts'
import { postgresServers } from '../support/postgres.ts'

const commands = [
  'create table u (id int primary key, b text)',
  'create table u as select 1 as id',
  'alter table t add column z int',
  'alter table t drop column b',
  'alter table t drop constraint t_pkey',
  'alter table t set schema s',
  `comment on column t.b is 'words'`,
  'create unique index on t (b)',
  `alter type e rename to f`,
  'alter domain d set not null',
  'alter schema s rename to r',
  'drop table t',
  'drop index i',
  'drop type e cascade',
]

/** Rows of catalogs and of their indexes that the triggers of a command read. */
async function rowsRead(
  database: LoggedDatabase,
  catalogs: readonly number[],
  command: string,
): Promise<number> {
  const soFar = async (): Promise<number> => {
    const [row] = await database.query<{ rows: number }>(
      `select sum(pg_stat_get_xact_tuples_returned(oid) + pg_stat_get_xact_tuples_fetched(oid))::int as rows
         from unnest($1::oid[]) as oid`,
      [catalogs],
    )
    return row!.rows
  }
  const least = async (triggers: 'enable always' | 'disable'): Promise<number> => {
    let rows = Infinity
    // now and then, and at first, a session reads more: for its caches
    for (let left = 4; left > 0; left--) {
      await database.query(`begin; alter event trigger pgstream_ddl_command_end ${triggers};
                            alter event trigger pgstream_sql_drop ${triggers}`)
      const before = await soFar()
      await database.query(command)
      rows = Math.min(rows, (await soFar()) - before)
      await database.query('rollback')
    }
    return rows
  }
  return (await least('enable always')) - (await least('disable'))
}

for (const server of postgresServers()) {
  test(`Postgres ${server.major}: what the triggers read does not grow with the number of tables and schemas`, async () => {
    await using database = await loggedDatabase(server)
    await database.query(
      `create type e as enum ('x'); create domain d as int; create schema s; create table s.in_s (id int primary key, d d);
       create table t (id int primary key, b int, c e, d d, e int); create unique index i on t (e);`,
    )
    const catalogs = await database.query<{ oid: number }>(
      `select oid from pg_class where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'i')`,
    )
    const oids = catalogs.map(({ oid }) => oid)
    const few = new Map<string, number>()
    for (const command of commands) few.set(command, await rowsRead(database, oids, command))
    await database.query(
      `do $$ begin for i in 1..100 loop
         execute format('create schema x%1$s; create table x%1$s.t (id int primary key, b int, c int)', i);
         for j in 1..4 loop execute format('create table x%s.t%s (id int primary key)', i, j); end loop;
       end loop; end $$`,
    )
    for (const command of commands) {
      const rows = await rowsRead(database, oids, command)
      const before = few.get(command)!
      assert.ok(rows > 0 && rows < before + 100, `${command}: ${before} rows of catalogs, then ${rows}`)
    }
  })
}
