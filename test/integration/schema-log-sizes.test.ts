import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postgresServers } from '../support/postgres.ts'
import { loggedDatabase } from '../support/logged-database.ts'
import type { LoggedDatabase } from '../support/logged-database.ts'

/** Sizes in bytes of the entries after a version. */
async function largest(database: LoggedDatabase): Promise<number> {
  const [row] = await database.query<{ bytes: number }>(
    'select max(octet_length(schema::text)) as bytes from pgstream.schema_log',
  )
  return row?.bytes ?? 0
}

for (const server of postgresServers()) {
  const on = `Postgres ${server.major}: `

  test(`${on}a table with 1,600 columns is told in parts below 256 kB that together are complete`, async () => {
    await using database = await loggedDatabase(server)
    const names = Array.from({ length: 1600 }, (_, i) => `a_column_that_has_quite_a_long_name_${i + 1}`)
    const columns = names.map((name) => `${name} numeric(20,4) not null default 1.25`).join()
    const entries = await database.entriesOf(`create table wide (${columns})`)
    assert.ok(entries.length > 1)
    assert.deepEqual(
      entries.map(({ schema }) => [schema.part, schema.parts]),
      entries.map((_, i) => [i + 1, entries.length]),
    )
    const parts = entries.map(({ schema }) => schema.tables[0]!)
    assert.deepEqual(
      parts.flatMap((table) => table.columns.map(({ name }) => name)),
      names,
    )
    for (const { identity_columns: identity } of parts) assert.deepEqual(identity, names)
    await database.query(
      `do $$ begin for i in 1..3 loop
         execute format('comment on column wide.a_column_that_has_quite_a_long_name_%s is %L', i, repeat(e'\\x01"é', 100000));
       end loop; end $$`,
    )
    assert.ok((await largest(database)) < 256 * 1024)
    assert.deepEqual(database.warnings(), [])
  })

  test(`${on}a schema with many tables goes in parts below 256 kB, every table in one of them`, async () => {
    await using database = await loggedDatabase(server)
    await database.query(
      `create schema s; alter event trigger pgstream_ddl_command_end disable; do $$ begin for i in 1..1200 loop
         execute format('create table s.a_table_that_has_quite_a_long_name_so_that_many_are_a_lot_%s ()', i);
       end loop; end $$`,
    )
    await database.entriesOf('select')
    const entries = await database.entriesOf('drop schema s cascade')
    assert.ok(entries.length > 1)
    const gone = entries.flatMap(({ schema }) => schema.dropped_tables.map(({ pgstream_id: id }) => id))
    assert.equal(gone.length, 1200)
    assert.equal(new Set(gone).size, 1200)
    assert.ok(entries.every(({ schema }) => schema.dropped))
    assert.ok((await largest(database)) < 256 * 1024)
  })

  test(`${on}the tables that are there already are told by schema, each once and complete`, async () => {
    await using database = await loggedDatabase(server)
    await database.query(
      `alter event trigger pgstream_ddl_command_end disable; create schema s; create schema empty;
       create table s.a (id int primary key); create table p (id int primary key) partition by range (id);
       create table p1 partition of p for values from (1) to (9); create unlogged table u (id int); create temp table x ();
       create view v as select 1 as one; create materialized view m as select 1 as one;
       do $$ begin for i in 1..600 loop execute format('create table t%s (id int primary key, a text, b text)', i); end loop; end $$`,
    )
    const entries = await database.entriesOf('select pgstream.log_existing_tables()')
    const [{ count } = { count: 0 }] = await database.query<{ count: number }>(
      'select pgstream.log_existing_tables()::int as count',
    )
    assert.equal(count, entries.length)
    const names = entries.flatMap(({ schema_name: schemaName, schema }) =>
      schema.tables.map(({ name, columns }) => `${schemaName}.${name} ${columns.length}`),
    )
    const expected = Array.from({ length: 600 }, (_, i) => `public.t${i + 1} 3`)
    assert.deepEqual(names.sort(), [...expected, 'public.p 1', 'public.p1 1', 's.a 1'].sort())
    assert.ok((await largest(database)) < 256 * 1024)
  })

  test(`${on}refresh_schema tells the tables of one schema, and says so when there is no such schema`, async () => {
    await using database = await loggedDatabase(server)
    await database.told(
      'create schema "S s"; create table "S s".a (id int primary key); create table b (id int primary key)',
    )
    assert.deepEqual(await database.told(`select pgstream.refresh_schema('S s')`), [
      'S s REFRESH: a(id integer unique not null)',
    ])
    await assert.rejects(database.query(`select pgstream.refresh_schema('S')`), /there is no schema "S"/)
  })
}
