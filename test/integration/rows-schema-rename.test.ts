import assert from 'node:assert/strict'
import { test } from 'node:test'
import { translator } from '../../src/translator/translator.ts'
import type { ChangeEvent } from '../../src/wal/event.ts'
import { unchangedToast } from '../../src/wal/value.ts'
import { postgresSources } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'
import { openSource } from '../support/source.ts'
import type { Source } from '../support/source.ts'

/** Inserts by table and value, renames of schemas by both names. */
const told = (event: ChangeEvent): unknown => {
  if (event.kind === 'insert') return [`${event.relation.schema}.${event.relation.table}`, event.values[0]]
  if (event.kind !== 'schema-change') return event.kind
  return `${event.entry.schema.renamed_from ?? 'nothing'} is ${event.entry.schemaName}`
}

for (const server of postgresSources()) {
  test(`${server.label}: rows behind the entry of a renamed schema carry its new name`, async () => {
    await using source = await openSource(server)
    await source.query('create schema a; create table a.t (id int primary key); insert into a.t values (0)')
    const seen = await source.changesOf(async () => {
      await source.query(
        'begin; insert into a.t values (1); alter schema a rename to b; insert into b.t values (2); commit',
      )
      await source.query('insert into b.t values (3)')
      await source.query('alter schema b rename to c')
      await source.query('insert into c.t values (4)')
    })
    assert.deepEqual(seen.map(told), [['a.t', 1], 'a is b', ['b.t', 2], ['b.t', 3], 'b is c', ['c.t', 4]])
  })

  test(`${server.label}: a schema is renamed beside an open transaction, and its name used again`, async () => {
    await using source = await openSource(server)
    await using other = await openSession(source.database.url)
    await source.query('create schema a; create table a.t (id int); create table a.u (id int)')
    const seen = await source.changesOf(async () => {
      await other.query('begin; insert into a.t values (1); insert into a.u values (2)')
      await source.query('alter schema a rename to b')
      await other.query('insert into b.t values (3); commit')
      await source.query(
        'begin; create schema a; create table a.t (id int); commit; insert into a.t values (4)',
      )
      await source.query('insert into b.t values (5)')
    })
    assert.deepEqual(
      seen.map(told).filter((each) => Array.isArray(each)),
      [
        ['b.t', 1],
        ['b.u', 2],
        ['b.t', 3],
        ['a.t', 4],
        ['b.t', 5],
      ],
    )
  })
}

for (const server of postgresSources()) {
  test(`${server.label}: two schemas swap their names beside an open transaction`, async () => {
    await using source = await openSource(server, { stages: [translator()] })
    await using other = await openSession(source.database.url)
    const ids = new Map<string, string>()
    // twice: the first time nobody has heard of the tables before
    for (const round of [1, 2]) {
      const [live, staging] = [`live${round}`, `staging${round}`]
      await source.query(`create schema ${live}; create table ${live}.t (id int primary key)`)
      await source.query(`create schema ${staging}; create table ${staging}.t (id int primary key)`)
      const seen = await source.changesOf(async () => {
        if (round === 2)
          await source.query(`insert into ${live}.t values (0); insert into ${staging}.t values (0)`)
        await other.query(`begin; insert into ${live}.t values (1)`)
        await source.query(
          `begin; alter schema ${live} rename to old${round}; alter schema ${staging} rename to ${live}; commit`,
        )
        await other.query(`insert into old${round}.t values (2); commit`)
        await source.query(`insert into ${live}.t values (3)`)
        await source.query(`insert into old${round}.t values (4)`)
      })
      const tables = await source.query<{ schema: string; id: string }>(
        `select relnamespace::regnamespace::text as schema, pgstream.table_id(oid)::text as id from pg_class where relname = 't'`,
      )
      for (const { schema, id } of tables) ids.set(id, schema)
      const rows = seen.flatMap((event) =>
        event.kind === 'insert' && event.values[0] !== 0
          ? [[event.values[0], event.relation.schema, ids.get(event.translation!.tableId)]]
          : [],
      )
      const old = `old${round}`
      assert.deepEqual(rows, [
        [1, old, old],
        [2, old, old],
        [3, live, live],
        [4, old, old],
      ])
    }
  })
}

/** Inserted values, with the table they are said to be of, and the one whose id they have. */
async function places(source: Source, seen: readonly ChangeEvent[]): Promise<unknown[]> {
  const tables = await source.query<{ name: string; id: string }>(
    `select relnamespace::regnamespace::text || '.' || relname as name, pgstream.table_id(oid)::text as id
       from pg_class where relkind = 'r' and relnamespace::regnamespace::text not like 'pg%'`,
  )
  const names = new Map(tables.map(({ id, name }) => [id, name]))
  return seen.flatMap((event) => {
    if (event.kind !== 'insert') return []
    const { relation, translation, values } = event
    return [[values[0], `${relation.schema}.${relation.table}`, names.get(translation?.tableId ?? '')]]
  })
}

for (const server of postgresSources()) {
  test(`${server.label}: a transaction renames schemas and uses their names again itself`, async () => {
    await using source = await openSource(server, { stages: [translator()] })
    await source.query('create schema b; create table b.t (id int primary key)')
    const seen = await source.changesOf(async () => {
      await source.query(
        `begin; create schema bn; create table bn.t (k text primary key); insert into bn.t values ('k1');
         alter schema b rename to bo; alter schema bn rename to b; insert into b.t values ('k2'); insert into bo.t values (1);
         commit`,
      )
      await source.query(
        `begin; insert into b.t values ('k3'); alter schema b rename to c; create schema b;
         create table b.t (k text primary key); insert into b.t values ('k4'); insert into c.t values ('k5'); commit`,
      )
    })
    const found = await places(source, seen)
    const ids = found.map((row) => [(row as unknown[])[0], (row as unknown[])[2]])
    assert.deepEqual(ids, [
      ['k1', 'c.t'],
      ['k2', 'c.t'],
      [1, 'bo.t'],
      ['k3', 'c.t'],
      ['k4', 'b.t'],
      ['k5', 'c.t'],
    ])
  })

  // before, the rename waits for the transaction
  if (server.major < 18) continue
  test(`${server.label}: a table is made in a schema that is renamed meanwhile`, async () => {
    await using source = await openSource(server, { stages: [translator()] })
    await using other = await openSession(source.database.url)
    await source.query('create schema s')
    const seen = await source.changesOf(async () => {
      await other.query('begin; create table s.late (id int primary key); insert into s.late values (1)')
      await source.query('alter schema s rename to s2')
      await other.query('insert into s2.late values (2); commit')
      await source.query('insert into s2.late values (3)')
      await source.query('alter table s2.late add w int; insert into s2.late values (4)')
    })
    assert.deepEqual(
      await places(source, seen),
      [1, 2, 3, 4].map((id) => [id, 's2.late', 's2.late']),
    )
  })
}

/** What another transaction does to a table of schema `s`, which is called `s9` when it commits, and is known from then on. */
const meanwhile = {
  'alters a table': ['alter table s.t add column z int; insert into s.t values (1, 1, 1)', 'z'],
  'makes a table': ['create table s.u (id int primary key); insert into s.u values (1)', 'id'],
  'renames a table': ['alter table s.t rename to u; insert into s.u values (1, 1)', 'id'],
  'alters a table and comments on it': [
    `alter table s.t add column z int; comment on column s.t.z is 'z'; update s.t set z = 1`,
    'z',
  ],
} as const

for (const server of postgresSources()) {
  for (const [what, [sql, column]] of Object.entries(meanwhile)) {
    for (const isFirst of [true, false]) {
      // the rename waits for who makes a table there
      if (what === 'makes a table' && (server.major < 18 || !isFirst)) continue
      test(`${server.label}: a transaction ${what} beside one that renames its schema and commits ${isFirst ? 'before' : 'behind'} it`, async () => {
        await using source = await openSource(server, { stages: [translator()] })
        await using other = await openSession(source.database.url)
        await source.query('create schema s; create table s.t (id int primary key, a int)')
        await source.query('insert into s.t values (0)')
        const seen = await source.changesOf(async () => {
          const [renames, changes] = isFirst ? [source, other] : [other, source]
          await (isFirst ? other : source).query(isFirst ? `begin; ${sql}` : 'select 1')
          if (!isFirst) await other.query('begin; alter schema s rename to s9')
          await (isFirst
            ? renames.query('alter schema s rename to s9')
            : changes.query(`begin; ${sql}; commit`))
          await other.query('commit')
          await source.query(
            `do $$ declare t text; begin
               for t in select relname from pg_class where relkind = 'r' and relnamespace = 's9'::regnamespace loop
                 execute format('insert into s9.%I (id) values (5)', t);
               end loop; end $$`,
          )
        })
        const changes = seen.filter((event) => event.kind === 'schema-change')
        assert.equal(
          new Set(changes.map(({ entry }) => entry.id)).size,
          changes.length,
          'each entry comes once',
        )
        const behind = changes.slice(changes.findIndex(({ entry }) => entry.schema.renamed_from === 's'))
        for (const { entry, values } of behind) {
          assert.equal(entry.schemaName, 's9')
          assert.ok(values.includes('s9') && !values.includes('s'))
        }
        const rows = seen.filter((event) => 'relation' in event && event.kind !== 'schema-change')
        const last = rows.filter((event) => event.kind === 'insert' && event.values[0] === 5)
        assert.ok(last.length > 0, 'a row of a later transaction')
        for (const event of last) {
          assert.equal(event.relation.schema, 's9')
          assert.ok(event.translation?.columnIds.every((id) => id !== ''))
        }
        assert.ok(
          rows.length > 1 && rows.every((event) => 'translation' in event && event.translation !== null),
        )
        const columns = rows.flatMap((event) => event.relation.columns.map(({ name }) => name))
        assert.ok(columns.includes(column), columns.join())
        if (isFirst) for (const event of rows) assert.equal(event.relation.schema, 's9')
      })
    }
  }
}

for (const server of postgresSources()) {
  test(`${server.label}: a table is altered beside who renames the schema of its type: its rows are whole`, async () => {
    await using source = await openSource(server, { stages: [translator()] })
    await using other = await openSession(source.database.url)
    await source.query(
      `create schema ty; create type ty.e as enum ('a'); create table t (id int primary key, x ty.e, big text);
       alter table t alter big set storage external`,
    )
    await source.query(`insert into t values (0, 'a', repeat('b', 9000))`)
    const seen = await source.changesOf(async () => {
      await other.query(`begin; alter table t add column y ty.e; insert into t values (1, 'a', 'b', 'a')`)
      await source.query('alter schema ty rename to tz')
      await other.query('commit')
      await source.query(`update t set y = 'a' where id = 0`)
    })
    const rows = seen.filter((event) => event.kind === 'insert' || event.kind === 'update')
    assert.deepEqual(
      rows.map(({ values, translation }) => [values, translation?.columnIds.includes('')]),
      [
        [[1, 'a', 'b', 'a'], false],
        [[0, 'a', unchangedToast, 'a'], false],
      ],
    )
    const changes = seen.filter((event) => event.kind === 'schema-change')
    assert.equal(new Set(changes.map(({ entry }) => entry.id)).size, changes.length, 'each entry comes once')
  })
}
