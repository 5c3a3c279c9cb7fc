import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeKnownTable } from '../../../src/postgres/known-table.ts'
import type { KnownTable } from '../../../src/postgres/known-table.ts'
import { KnownTables } from '../../../src/wal/known-tables.ts'
import type { SchemaLogEntry } from '../../../src/wal/schema-log.ts'
import { schemaLogEntry, tableSchema } from '../../support/log-entries.ts'

const users = tableSchema(1, 'users', { id: 'integer!', name: 'text' })
const people = tableSchema(1, 'people', { id: 'integer!', name: 'text' })
const gone = [{ oid: '1', pgstream_id: 't1', name: 'users' }]

function knowing(...entries: SchemaLogEntry[]): KnownTables<KnownTable> {
  const tables = new KnownTables(describeKnownTable)
  for (const entry of entries) tables.learn(entry)
  return tables
}

test('a table is found by its schema and its name, with what identifies its rows', () => {
  const tables = knowing(schemaLogEntry({ tables: [users] }, 'shop'))
  assert.deepEqual(tables.find('shop', 'users'), {
    oid: 1,
    schema: 'shop',
    name: 'users',
    replicaIdentity: 'default',
    partitioned: false,
    columns: [
      { name: 'id', type: 'integer', key: true, virtual: false },
      { name: 'name', type: 'text', key: false, virtual: false },
    ],
  })
  assert.equal(tables.find('public', 'users'), undefined)
})

test('a renamed table is found by its new name, also when two swap theirs', () => {
  const tables = knowing(schemaLogEntry({ tables: [users, tableSchema(2, 'people', { a: 'text' })] }))
  tables.learn(schemaLogEntry({ tables: [tableSchema(2, 'other', { a: 'text' })] }))
  tables.learn(schemaLogEntry({ tables: [people] }))
  tables.learn(schemaLogEntry({ tables: [tableSchema(2, 'users', { a: 'text' })] }))
  assert.deepEqual([tables.find('public', 'people')?.oid, tables.find('public', 'users')?.oid], [1, 2])
  assert.equal(tables.find('public', 'other'), undefined)
})

test('a table that is dropped, or whose schema is, is not found any more', () => {
  const one = knowing(schemaLogEntry({ tables: [users] }), schemaLogEntry({ dropped_tables: gone }))
  assert.equal(one.find('public', 'users'), undefined)
  const all = knowing(schemaLogEntry({ tables: [users] }), schemaLogEntry({ dropped: true }))
  assert.equal(all.find('public', 'users'), undefined)
})

test('a table that moved to another schema is there, whichever of its two entries comes first', () => {
  const left = { command: 'ALTER TABLE', xid: '5000', dropped_tables: gone }
  const came = { command: 'ALTER TABLE', xid: '5000', tables: [users] }
  for (const order of [[left, came] as const, [came, left] as const]) {
    const tables = knowing(
      schemaLogEntry({ tables: [users] }),
      ...order.map((schema) => schemaLogEntry(schema, schema === left ? 'public' : 'archive')),
    )
    assert.equal(tables.find('public', 'users'), undefined)
    assert.equal(tables.find('archive', 'users')?.oid, 1)
  }
})

test('tables of a renamed schema are found by its new name, and by the old one until that is used again', () => {
  const tables = knowing(
    schemaLogEntry({ tables: [users] }, 'first'),
    schemaLogEntry({ renamed_from: 'first' }, 'second'),
    schemaLogEntry({ renamed_from: 'second' }, 'third'),
  )
  for (const schema of ['first', 'second', 'third']) {
    assert.equal(tables.find(schema, 'users')?.schema, 'third')
  }
  tables.learn(schemaLogEntry({ tables: [tableSchema(2, 'other', { a: 'text' })] }, 'first'))
  assert.equal(tables.find('first', 'users'), undefined)
  assert.equal(tables.find('second', 'users')?.oid, 1)
})

test('a table is changed and its schema renamed by two transactions that do not see each other', () => {
  const made = schemaLogEntry({ xid: '600', tables: [users] }, 'first')
  const rename = schemaLogEntry({ xid: '701', snapshot: '700:701:700', renamed_from: 'first' }, 'second')
  const change = { xid: '700', snapshot: '700:700:' }
  const altered = schemaLogEntry({ ...change, tables: [people] }, 'first')
  for (const order of [
    [made, rename, altered],
    [made, altered, rename],
  ]) {
    const tables = knowing(...order)
    assert.equal(tables.find('second', 'people')?.schema, 'second')
    assert.equal(tables.find('first', 'people')?.schema, 'second')
    assert.equal(tables.find('second', 'users'), undefined)
  }
  const dropped = schemaLogEntry({ ...change, dropped_tables: gone }, 'first')
  assert.equal(knowing(made, rename, dropped).get(1), undefined)
  assert.equal(knowing(made, dropped, rename).get(1), undefined)
})

test('what was described from a view that is older than the last change is no news', () => {
  const running = { command: 'ALTER TABLE', xid: '700', tables: [people] }
  const old = { command: 'REFRESH', xid: '701', snapshot: '700:701:700', tables: [users] }
  const changed = knowing(schemaLogEntry(running), schemaLogEntry(old))
  assert.equal(changed.find('public', 'people')?.oid, 1)
  assert.equal(changed.find('public', 'users'), undefined)

  const drop = { command: 'DROP TABLE', xid: '700', dropped_tables: gone }
  const dropped = knowing(schemaLogEntry({ tables: [users] }), schemaLogEntry(drop), schemaLogEntry(old))
  assert.equal(dropped.find('public', 'users'), undefined)

  const seeing = { ...old, snapshot: '701:701:' }
  assert.equal(knowing(schemaLogEntry(drop), schemaLogEntry(seeing)).find('public', 'users')?.oid, 1)
})

test('who holds a table knows more of it than who described it meanwhile from outside', () => {
  const made = schemaLogEntry({ xid: '600', tables: [users] })
  const change = { xid: '700', snapshot: '700:700:', tables: [people] }
  const type = { command: 'ALTER TYPE', xid: '701', snapshot: '700:701:700', tables: [users] }
  const altered = knowing(made, schemaLogEntry(type), schemaLogEntry(change))
  assert.equal(altered.find('public', 'people')?.oid, 1)
  const typeAgain = { ...type, xid: '702', snapshot: '700:702:700' }
  const later = knowing(made, schemaLogEntry(change), schemaLogEntry(typeAgain))
  assert.equal(later.find('public', 'people')?.oid, 1, 'and remains so')
  const other = { xid: '703', snapshot: '700:703:700', tables: [tableSchema(1, 'others', { id: 'text' })] }
  const outdated = knowing(made, schemaLogEntry(change), schemaLogEntry(other))
  assert.equal(outdated.find('public', 'people')?.oid, 1, 'a transaction may see less than it has locked')
})

test('what was assumed of a transaction is forgotten when it comes, and learnt again from its entries', () => {
  const tables = knowing(schemaLogEntry({ tables: [users] }))
  const first = { command: 'ALTER TABLE', xid: String(2n ** 32n + 700n), tables: [people] }
  const second = { ...first, tables: [tableSchema(1, 'guests', { id: 'bigint!' })] }
  const later = { command: 'ALTER TABLE', xid: '705', tables: [tableSchema(1, 'last', { id: 'bigint!' })] }
  for (const schema of [first, second, later]) {
    tables.assume(schemaLogEntry({ snapshot: `${2n ** 40n}:${2n ** 40n}:`, ...schema }))
  }
  assert.equal(tables.find('public', 'last')?.oid, 1)
  tables.begin(699)
  assert.equal(tables.find('public', 'last')?.oid, 1)
  tables.begin(700)
  assert.equal(tables.find('public', 'users')?.oid, 1)
  tables.learn(schemaLogEntry(first))
  assert.equal(tables.find('public', 'people')?.oid, 1)
  tables.learn(schemaLogEntry(second))
  assert.equal(tables.find('public', 'guests')?.columns[0]?.type, 'bigint')
})

test('what changes nothing leaves the object as it is, and the version', () => {
  const tables = knowing(schemaLogEntry({ tables: [users] }))
  const before = tables.find('public', 'users')
  const { version } = tables
  tables.learn(
    schemaLogEntry({ tables: [{ ...users, columns: users.columns.map((c) => ({ ...c, metadata: 'x' })) }] }),
  )
  assert.equal(tables.find('public', 'users'), before)
  assert.equal(tables.version, version)
})

test('parts of entries of several transactions, read in turn, are put together', () => {
  const [id, name] = users.columns
  const part = (xid: string, part: number, columns: typeof users.columns, of = users): object => ({
    command: 'CREATE TABLE',
    xid,
    part,
    parts: 2,
    tables: [{ ...of, columns }],
  })
  const other = tableSchema(2, 'other', { a: 'text' })
  const tables = knowing(
    schemaLogEntry(part('1', 1, [id!])),
    schemaLogEntry(part('2', 1, [], other)),
    schemaLogEntry(part('1', 2, [name!])),
  )
  assert.equal(tables.find('public', 'users')?.columns.length, 2)
  assert.equal(tables.find('public', 'other'), undefined)
})
