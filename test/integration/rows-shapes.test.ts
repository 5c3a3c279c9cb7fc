import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangeEvent, InsertEvent } from '../../src/wal/event.ts'
import { rowObject } from '../../src/wal/row-object.ts'
import { encodeWireJson } from '../../src/wal/wire-json.ts'
import { postgresSources } from '../support/postgres.ts'
import { assertRow, printedRows } from '../support/rows.ts'
import { openSource } from '../support/source.ts'

function onlyInsert(changes: readonly ChangeEvent[]): InsertEvent {
  const [event, ...others] = changes
  assert.ok(event?.kind === 'insert' && others.length === 0)
  return event
}

for (const server of postgresSources()) {
  test(`${server.label}: shapes of tables`, async (t) => {
    await using source = await openSource(server)
    const { query, database } = source
    const insert = async (sql: string): Promise<InsertEvent> => onlyInsert(await source.changesOf(sql))
    const names = (event: InsertEvent): string[] => event.relation.columns.map(({ name }) => name)

    await t.test('names arrive as they are: quotes, dots, spaces, Unicode, __proto__, 63 bytes', async () => {
      const schema = 'Über.all "x"'
      const table = `tab.le '${'é'.repeat(27)}`
      const columns = ['select', 'a.b', 'a"b', "it's", '\u{1f600}', 'A', 'a', '__proto__', ' ', '%s', '\\x']
      const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
      const qualified = `${quoted(schema)}.${quoted(table)}`
      await query(`create schema ${quoted(schema)}`)
      await query(`create table ${qualified} (${columns.map((name) => `${quoted(name)} text`).join(', ')})`)
      const event = await insert(`insert into ${qualified} values (${columns.map((_, i) => i).join(', ')})`)
      assert.equal(event.relation.schema, schema)
      assert.equal(event.relation.table, table)
      assert.deepEqual(names(event), columns)
      assert.deepEqual(
        Object.entries(rowObject(event.relation, event.values)).toSorted(),
        columns.map((name, i) => [name, String(i)]).toSorted(),
      )
    })

    await t.test('a table without columns has rows without values', async () => {
      await query('create table nothing ()')
      const event = await insert('insert into nothing default values')
      assert.deepEqual([event.relation.columns, event.values], [[], []])
    })

    await t.test('a table of 1,600 columns arrives whole', async () => {
      const columns = Array.from({ length: 1_600 }, (_, i) => `c${i + 1}`)
      await query(`create table wide (${columns.map((name) => `${name} int`).join(', ')})`)
      const event = await insert(`insert into wide (c1, c800, c1600) values (1, 800, 1600)`)
      const [printed] = await printedRows(database, 'wide')
      assertRow(event.relation, event.values, printed!)
      assert.equal(event.values.length, 1_600)
    })

    await t.test('dropped columns are not there, added ones are, in the order of the table', async () => {
      await query(`
        create table altered (a int, b text, c int);
        alter table altered drop column b;
        alter table altered add column d text default 'x'`)
      const event = await insert('insert into altered (a, c) values (1, 2)')
      assert.deepEqual(rowObject(event.relation, event.values), { a: 1, c: 2, d: 'x' })
      assert.deepEqual(names(event), ['a', 'c', 'd'])
    })

    await t.test('each row has the shape that its table had then, also within a transaction', async () => {
      await query('create table changing (id int primary key, old text)')
      const seen = await source.changesOf(`
        begin;
        insert into changing values (1, 'a');
        alter table changing rename column old to new;
        insert into changing values (2, 'b');
        alter table changing alter column new type int using 0, add column more text;
        insert into changing values (3, 3, 'c');
        alter table changing rename to changed;
        insert into changed values (4, 4, 'd');
        commit`)
      assert.deepEqual(
        seen.flatMap((event) =>
          event.kind === 'insert'
            ? [
                [
                  event.relation.table,
                  event.relation.columns.map(({ name, type }) => `${name} ${type}`),
                  event.values,
                ],
              ]
            : [],
        ),
        [
          ['changing', ['id integer', 'old text'], [1, 'a']],
          ['changing', ['id integer', 'new text'], [2, 'b']],
          ['changing', ['id integer', 'new integer', 'more text'], [3, 3, 'c']],
          ['changed', ['id integer', 'new integer', 'more text'], [4, 4, 'd']],
        ],
      )
    })

    await t.test('a table that was made, filled and dropped in one transaction arrives', async () => {
      const seen = await source.changesOf(
        `begin; create table brief (id int); insert into brief values (1); drop table brief; commit`,
      )
      assert.deepEqual(
        seen.flatMap((event) => (event.kind === 'insert' ? [[event.relation.table, event.values]] : [])),
        [['brief', [1]]],
      )
    })

    const arrive = server.major >= 18 || server.plugin === 'wal2json'
    await t.test(`stored generated columns ${arrive ? 'arrive' : 'are left out'}`, async () => {
      await query('create table computed (a int primary key, doubled int generated always as (a * 2) stored)')
      const event = await insert('insert into computed values (21)')
      const [printed] = await printedRows(database, 'computed')
      assert.equal(printed!['doubled'], '42')
      assertRow(event.relation, event.values, arrive ? printed! : { a: printed!['a']! })
    })

    if (server.major >= 18) {
      await t.test('virtual generated columns are left out', async () => {
        await query(
          'create table virtual (a int primary key, doubled int generated always as (a * 2) virtual)',
        )
        const event = await insert('insert into virtual values (21)')
        assert.deepEqual(rowObject(event.relation, event.values), { a: 21 })
      })
    }

    await t.test('identity columns and defaults arrive with the value that was stored', async () => {
      await query(`
        create table numbered (
          id bigint generated always as identity primary key, at timestamptz default clock_timestamp(), n serial)`)
      const event = await insert('insert into numbered default values')
      const [printed] = await printedRows(database, 'numbered')
      assertRow(event.relation, event.values, printed!)
    })

    await t.test(
      'types are named as format_type does: modifiers, arrays, enums, composites, ranges',
      async () => {
        await query(`
        create schema "My Schema";
        create type mood as enum ('a', 'b');
        create type "My Schema"."Odd ""T" as enum ('x');
        create type pair as (a int, b text);
        create type span as range (subtype = float8);
        create table typed (
          a mood, b mood[], c "My Schema"."Odd ""T"[], d pair, e pair[], f span, g numeric(10,2)[], h varchar(20),
          i timestamp(3) with time zone, j interval day to second(3), k "char", l char(5), m pg_class)`)
        const event = await insert('insert into typed (a) values (null)')
        const expected = await query<{ type: string }>(
          `select set_config('search_path', 'pg_catalog', true), format_type(atttypid, atttypmod) as type
           from pg_attribute where attrelid = 'public.typed'::regclass and attnum > 0 order by attnum`,
        )
        assert.deepEqual(
          event.relation.columns.map(({ type }) => type),
          expected.map(({ type }) => type),
        )
      },
    )

    await t.test('the JSON of odd shapes can be parsed', async () => {
      const inserts = source.stream.events.filter((event) => event.kind === 'insert')
      assert.ok(inserts.length > 10)
      for (const event of inserts) JSON.parse(encodeWireJson(event))
    })
  })
}
