import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loggedDatabase } from '../support/logged-database.ts'
import type { LoggedDatabase } from '../support/logged-database.ts'
import { postgresServers } from '../support/postgres.ts'

/** Of two tables each: more than the rows by which one plan differs from another. */
const schemas = 1_000

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

/** What the planner knows: autovacuum looks at one catalog after the other, and may look at some for the first time late. */
const states = [
  ['as they were before', ''],
  ['of all catalogs', 'analyze'],
  [
    'without those of some catalogs',
    `delete from pg_statistic where starelid = any ('{pg_class, pg_type, pg_attribute}'::regclass[])`,
  ],
  ['none but sizes', 'delete from pg_statistic'],
] as const

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
  const read = async (triggers: 'enable always' | 'disable'): Promise<number> => {
    await database.query(`begin; alter event trigger pgstream_ddl_command_end ${triggers};
                          alter event trigger pgstream_sql_drop ${triggers}`)
    const before = await soFar()
    await database.query(command)
    const rows = (await soFar()) - before
    await database.query('rollback')
    return rows
  }
  // at first, and whenever neighbours made it forget its caches, a session reads more: the least of several is right
  let withThem = Infinity
  let without = Infinity
  for (let left = 4; left > 0; left--) {
    withThem = Math.min(withThem, await read('enable always'))
    without = Math.min(without, await read('disable'))
  }
  return withThem - without
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
      `begin; alter event trigger pgstream_ddl_command_end disable;
       do $$ begin for i in 1..${schemas} loop
         execute format('create schema x%1$s create table t (id int primary key) create table t2 (id int primary key, b int)', i);
       end loop; end $$;
       alter event trigger pgstream_ddl_command_end enable always; commit`,
    )
    let inAll = 0
    for (const [statistics, sql] of states) {
      await database.query(sql)
      for (const command of commands) {
        const rows = await rowsRead(database, oids, command)
        const before = few.get(command)!
        assert.ok(
          rows < before + schemas / 2,
          `${command}: ${before} rows of catalogs, then ${rows}; statistics: ${statistics}`,
        )
        inAll += rows
      }
    }
    assert.ok(inAll > 10 * commands.length, `the triggers read ${inAll} rows for ${commands.length} commands`)
  })
}
