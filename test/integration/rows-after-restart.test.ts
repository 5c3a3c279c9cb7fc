import assert from 'node:assert/strict'
import { test } from 'node:test'
import { translator } from '../../src/translator/translator.ts'
import type { ChangeEvent } from '../../src/wal/event.ts'
import { parseLsn } from '../../src/wal/lsn.ts'
import { unchangedToast } from '../../src/wal/value.ts'
import { postgresSources } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'

/** Kind, columns and values of rows of tables called `t`, with the names of types and the keys. */
const told = (events: readonly ChangeEvent[]): unknown[] =>
  events.flatMap((event) => {
    if (event.kind !== 'insert' && event.kind !== 'update') return []
    const { relation, values } = event
    assert.ok(relation.oid > 0)
    const columns = relation.columns.map(({ name, type, key }) => `${name} ${type}${key ? '!' : ''}`)
    return [
      [
        event.kind,
        columns.join(', '),
        ...values.map((value) => (value === unchangedToast ? 'unchanged' : value)),
      ],
    ]
  })

const large = `repeat('x', 5000)`
const createTable = `
  create table t (id int primary key, a text, b text);
  alter table t alter a set storage external, alter b set storage external;
  create domain short as varchar(10)`

for (const source of postgresSources()) {
  test(`${source.label}: a stream that starts again knows the tables of its place, not those of the present`, async () => {
    await using database = await preparedDatabase(source)
    {
      await using first = openStream(database)
      const seen = await first.changesOf(`${createTable}; insert into t values (1, ${large}, ${large})`)
      assert.equal(seen.at(-1)?.kind, 'insert')
      await first.stop()
    }
    await database.query(`update t set id = 2`)
    await database.query(
      `alter table t drop column b, add column c short default 'c', alter column id type bigint`,
    )
    await database.query(`update t set c = 'd'`)
    await database.query(`alter domain short rename to brief`)
    await database.query(`update t set c = 'e'`)
    await using second = openStream(database)
    const rows = await second.until((events) => {
      const found = told(events as readonly ChangeEvent[])
      return found.length === 3 && found
    })
    assert.deepEqual(rows, [
      ['update', 'id integer!, a text, b text', 2, 'unchanged', 'unchanged'],
      ['update', 'id bigint!, a text, c public.short', 2n, 'unchanged', 'd'],
      ['update', 'id bigint!, a text, c public.brief', 2n, 'unchanged', 'e'],
    ])
  })

  test(`${source.label}: DDL of a transaction that was open at the place where a stream starts again counts from its own place on`, async () => {
    await using database = await preparedDatabase(source)
    await using user = await openSession(database.url)
    await database.query(`${createTable}; create table other (id int)`)
    {
      await using first = openStream(database)
      await first.changesOf(`insert into t values (1, ${large}, ${large})`)
      await user.query(
        `begin; update t set id = 2; alter table t add column c text; alter table t drop column b`,
      )
      await user.query(`update t set c = 'c'`)
      await first.changesOf('insert into other values (1)')
      await first.stop()
    }
    await user.query(`update t set id = 3; commit`)
    const [entry] = await database.query<{ lsn: string }>(
      `select schema ->> 'lsn' as lsn from pgstream.schema_log order by version desc limit 1`,
    )
    assert.ok(parseLsn(entry!.lsn) < (await confirmedLsn(database)), 'the entries were made before the place')

    await using second = openStream(database)
    const rows = await second.until((events) => {
      const found = told(events as readonly ChangeEvent[])
      return found.length === 3 && found
    })
    assert.deepEqual(rows, [
      ['update', 'id integer!, a text, b text', 2, 'unchanged', 'unchanged'],
      ['update', 'id integer!, a text, c text', 2, 'unchanged', 'c'],
      ['update', 'id integer!, a text, c text', 3, 'unchanged', 'c'],
    ])
  })

  test(`${source.label}: a stream that starts again takes the entries in the order of their versions, which get more digits`, async () => {
    await using database = await preparedDatabase(source)
    {
      await using first = openStream(database)
      await database.query(`select setval('pgstream.schema_log_version', 98)`)
      await first.changesOf(`create table t (id int primary key); insert into t values (1)`)
      await first.changesOf(`drop table t; create table t (id int primary key)`)
      await first.stop()
    }
    const versions = await database.query<{ version: string }>('select version from pgstream.schema_log')
    assert.ok(['99', '100', '101'].every((each) => versions.some(({ version }) => version === each)))
    const [table] = await database.query<{ oid: number; id: string }>(
      `select 't'::regclass::oid as oid, pgstream.table_id('t'::regclass)::text as id`,
    )
    await using second = openStream(database, { stages: [translator()] })
    const rows = await second.changesOf('insert into t values (2)')
    assert.deepEqual(
      rows.map((event) => event.kind === 'insert' && [event.relation.oid, event.translation?.tableId]),
      [[table!.oid, table!.id]],
    )
  })
}
