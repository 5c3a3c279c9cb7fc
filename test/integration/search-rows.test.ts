import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bringAgain, openSearchStream } from '../support/search-stream.ts'
import type { SearchStream } from '../support/search-stream.ts'

const all = { match_all: {} }

async function valuesOf(stream: SearchStream, name: string): Promise<unknown[]> {
  return (await stream.find(all)).flatMap(({ fields }) => fields[name] ?? []).sort()
}

const columns: readonly (readonly [
  column: string,
  type: string,
  value: string,
  query: (name: string) => unknown,
])[] = [
  ['small', 'smallint', '5', (name) => ({ range: { [name]: { gt: 4, lt: 6 } } })],
  ['big', 'bigint', '9007199254740993', (name) => ({ term: { [name]: '9007199254740993' } })],
  ['float', 'double precision', '1.5', (name) => ({ range: { [name]: { gte: 1.5 } } })],
  [
    'precise',
    'numeric(40,10)',
    '123456789012345678901234567890.0123456789',
    (name) => ({ range: { [name]: { gt: 1e29 } } }),
  ],
  [
    'digits',
    'numeric',
    '123456789012345678901234567890.0123456789',
    (name) => ({ term: { [`${name}@exact`]: '123456789012345678901234567890.0123456789' } }),
  ],
  ['flag', 'boolean', 'true', (name) => ({ term: { [name]: true } })],
  ['words', 'text', 'The quick brown fox', (name) => ({ match: { [`${name}@text`]: 'QUICK' } })],
  ['code', 'character varying(10)', 'AB-12', (name) => ({ term: { [name]: 'AB-12' } })],
  ['mood', 'mood', 'happy', (name) => ({ term: { [name]: 'happy' } })],
  ['positive', 'positive', '7', (name) => ({ range: { [name]: { gte: 7 } } })],
  [
    'uid',
    'uuid',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    (name) => ({ term: { [name]: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' } }),
  ],
  ['address', 'inet', '10.1.2.3/24', (name) => ({ term: { [name]: '10.1.0.0/16' } })],
  ['net', 'cidr', '10.0.0.0/8', (name) => ({ term: { [name]: '10.9.9.9' } })],
  ['day', 'date', '2026-11-28', (name) => ({ range: { [name]: { gte: '2026-11-28', lte: '2026-11-28' } } })],
  ['early', 'date', '0044-03-15 BC', (name) => ({ range: { [name]: { lt: '0001-01-01' } } })],
  [
    'instant',
    'timestamp(3) with time zone',
    '2026-11-28 12:00:00.123+02',
    (name) => ({ range: { [name]: { gte: '2026-11-28T10:00:00Z', lt: '2026-11-28T10:00:01Z' } } }),
  ],
  ['clock', 'time', '10:30:00.25', (name) => ({ range: { [name]: { gte: '10:00:00', lt: '11:00:00' } } })],
  ['object', 'jsonb', '{"a": {"b": "c"}}', (name) => ({ term: { [`${name}@object.a.b`]: 'c' } })],
  ['scalar', 'jsonb', '"a word"', (name) => ({ match: { [name]: 'word' } })],
  [
    'large',
    'json',
    JSON.stringify({ long: 'x y '.repeat(15_000) }),
    (name) => ({ match: { [name]: 'long' } }),
  ],
  ['bytes', 'bytea', '\\xdeadbeef', (name) => ({ term: { [name]: 'deadbeef' } })],
  ['span', 'interval', '1 day', (name) => ({ term: { [name]: '1 day' } })],
  ['range', 'int4range', '[1,5)', (name) => ({ term: { [name]: 4 } })],
  [
    'period',
    'tstzrange',
    '[2026-01-01,2026-02-01)',
    (name) => ({ range: { [name]: { gte: '2026-01-15', lte: '2026-01-16' } } }),
  ],
  ['numbers', 'int[]', '{1,NULL,3}', (name) => ({ term: { [name]: 3 } })],
  ['tags', 'text[]', '{"a b",NULL}', (name) => ({ term: { [name]: 'a b' } })],
  ['days', 'date[]', '{2026-01-01,NULL}', (name) => ({ term: { [name]: '2026-01-01' } })],
]

test('every type can be queried as what it is', async () => {
  await using stream = await openSearchStream()
  await stream.query(
    `create type mood as enum ('happy', 'sad'); create domain positive as int check (value > 0)`,
  )
  await stream.query(
    `create table t (id int primary key, ${columns.map(([name, type]) => `"${name}" ${type}`).join(', ')})`,
  )
  const values = columns.map(([, , value]) => `'${value.replaceAll("'", "''")}'`)
  await stream.query(`insert into t values (1, ${values.join(', ')}), (2${', null'.repeat(columns.length)})`)
  await stream.query(`insert into t (id, "float", digits, instant) values (3, 'NaN', 'Infinity', 'infinity')`)
  await stream.settled()
  for (const [name, type, , query] of columns) {
    const found = await stream.find(query(`t.${name}`))
    assert.deepEqual(
      found.map(({ fields }) => fields['t.id']![0]),
      [1],
      `${name} ${type}`,
    )
  }
  assert.equal((await stream.find({ term: { 't.id': 3 } })).length, 1, 'what cannot be looked up is kept')
  assert.equal(stream.indexer.counts.keptValues, 3)
  assert.equal(stream.indexer.counts.deadLetters, 0)
})

test('keys: deleted and inserted again, swapped, composite, very long, replaced by another', async () => {
  await using stream = await openSearchStream()
  await stream.query(
    'create table t (id int primary key, v text); create table c (a text, b text, primary key (a, b))',
  )
  await stream.query(`insert into t values (1, 'one'), (2, 'two')`)
  await stream.query(
    'begin; update t set id = 0 where id = 1; update t set id = 1 where id = 2; update t set id = 2 where id = 0; commit',
  )
  await stream.query(`begin; delete from t where id = 1; insert into t values (1, 'again'); commit`)
  await stream.query(
    `insert into c values ('a-b', 'c'), ('a', 'b-c'), (repeat('k', 2000), 'x'), (repeat('k', 2000), 'y')`,
  )
  await stream.query(`delete from c where b = 'y'`)
  await stream.settled()
  const rows = (await stream.find({ exists: { field: 't.id' } })).map(
    ({ fields }) => `${String(fields['t.id'])} ${String(fields['t.v'])}`,
  )
  assert.deepEqual(rows.sort(), ['1 again', '2 one'])
  assert.deepEqual(await valuesOf(stream, 'c.b'), ['b-c', 'c', 'x'])

  await stream.query(
    'alter table t drop constraint t_pkey; alter table t alter v set not null, add primary key (v)',
  )
  await stream.query(`update t set v = 'uno' where id = 2`)
  await stream.query(`insert into t values (2, 'dos')`)
  await stream.query(`delete from t where v = 'again'`)
  await stream.settled()
  assert.deepEqual(await valuesOf(stream, 't.v'), ['dos', 'uno'])
})

test('what comes again after newer rows leaves them: truncate, drop and create', async () => {
  await using stream = await openSearchStream()
  await stream.query('create table t (id int primary key)')
  await stream.query('insert into t values (1), (2)')
  await stream.query('truncate t')
  await stream.query('insert into t values (2), (3)')
  await stream.query('drop table t')
  await stream.query('create table t (id int primary key)')
  await stream.query('insert into t values (3), (4)')
  await stream.settled()
  await stream.source.stream.stop()
  const { events } = stream.source.stream
  const last = events.findLastIndex((event) => event.kind === 'schema-change')
  for (const end of [
    events.findIndex(({ kind }) => kind === 'truncate'),
    last - 2,
    last,
    events.length - 1,
  ]) {
    await bringAgain(stream, events.slice(0, end + 1))
    const left = (await stream.find(all)).map(({ id }) => id.slice(id.indexOf('_') + 1))
    assert.ok(
      left.includes('3') && left.includes('4'),
      `rows are lost when ${end} events come again: ${left.join(' ')}`,
    )
  }
  assert.deepEqual(await valuesOf(stream, 't.id'), [3, 4])
})

test('300 tables of 30 columns, 2,000 DDL commands in a row, and names of every kind', async () => {
  await using stream = await openSearchStream()
  const names = Array.from({ length: 30 }, (_, i) => `c${i} text`).join(', ')
  await stream.query(
    `do $$ begin for i in 1..300 loop execute format('create table t%s (id int primary key, ${names})', i); end loop; end $$`,
  )
  for (const name of ['a.b', 'A', '_x', 'pgstream']) {
    await stream.query(
      `create table "${name}" (id int primary key, "x.y" text); insert into "${name}" values (1, 'v')`,
    )
  }
  await stream.query(
    `do $$ begin for i in 1..1000 loop execute 'alter table t1 rename c0 to other'; execute 'alter table t1 rename other to c0'; end loop; end $$`,
  )
  await stream.query(
    `insert into t1 (id, c0) values (1, 'first'); insert into t300 (id, c29) values (1, 'last')`,
  )
  await stream.settled()
  assert.equal((await stream.find({ term: { 't1.c0': 'first' } })).length, 1)
  assert.equal((await stream.find({ term: { 't300.c29': 'last' } })).length, 1)
  for (const name of ['a@2eb', 'A', '@5fx', 'pgstream'])
    assert.equal((await stream.find({ term: { [`${name}.x@2ey`]: 'v' } })).length, 1, name)
})

test('a move to another schema that comes again leaves the values of columns that came later', async () => {
  await using stream = await openSearchStream()
  await stream.query('create schema s; create table t (id int primary key)')
  // a name in the mapping that the client takes for an attack
  await stream.query('create table other ("__proto__" int primary key)')
  await stream.query('insert into t values (1)')
  await stream.query('alter table t set schema s')
  await stream.query('insert into s.t values (2)')
  await stream.query('alter table s.t set schema public')
  await stream.query('alter table t add column n numeric')
  await stream.query('insert into t values (3, 3.50); update t set n = 1.50 where id = 1')
  await stream.settled()
  await stream.source.stream.stop()
  await bringAgain(stream, stream.source.stream.events)
  assert.deepEqual(await valuesOf(stream, 't.id'), [1, 2, 3])
  assert.deepEqual(await valuesOf(stream, 't.n'), [1.5, 3.5])
  assert.deepEqual(await stream.find(all, 's'), [])
})

test('schemas that took the names of others: whatever comes again, documents are where their tables are', async () => {
  await using stream = await openSearchStream()
  for (const statement of [
    'create schema a; create table a.t (id int primary key); create table a.gone (id int primary key)',
    'insert into a.t values (1), (2); insert into a.gone values (5)',
    'alter schema a rename to b',
    'insert into b.t values (3); delete from b.t where id = 1',
    'create schema a; create table a.u (id int primary key)',
    'insert into a.u values (7)',
    'alter schema a rename to c; create schema a; create table a.v (id int primary key)',
    'insert into a.v values (9)',
    'drop schema a cascade; create schema a',
    'alter table b.t set schema a; alter table c.u set schema a; drop schema b cascade; drop schema c',
  ])
    await stream.query(statement)
  await stream.settled()
  await stream.source.stream.stop()
  const { ask, prefix } = stream.space
  const documents = async (): Promise<unknown> => {
    const ids = (await stream.find(all, 'a')).map(({ id }) => id.replace(/^.*_/, ''))
    const rows = `${prefix}*,-${prefix}pgstream`
    return [ids.sort(), (await ask<{ count: number }>('GET', `${rows}/_count`)).count]
  }
  const expected = [['2', '3', '7'], 3]
  assert.deepEqual(await documents(), expected)
  const { events } = stream.source.stream
  const begins = [0, ...events.flatMap(({ kind }, i) => (kind === 'commit' ? [i + 1] : []))]
  assert.ok(begins.length > 10, `${begins.length} transactions`)
  for (const from of begins.toReversed()) {
    await bringAgain(stream, events.slice(from))
    assert.deepEqual(
      await documents(),
      expected,
      `the last ${events.length - from} of ${events.length} events`,
    )
  }
})
