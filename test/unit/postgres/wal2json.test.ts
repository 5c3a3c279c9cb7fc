import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slotPosition } from '../../../src/postgres/slot-position.ts'
import { nothingKnown } from '../../../src/postgres/source-knowledge.ts'
import { Wal2jsonDecoder } from '../../../src/postgres/wal2json.ts'
import { lsn } from '../../../src/wal/lsn.ts'
import { qualifiedName } from '../../../src/wal/known-tables.ts'
import { unchangedToast } from '../../../src/wal/value.ts'
import { decode, only } from '../../support/decode-wal2json.ts'
import type { Emitted } from '../../support/decode-wal2json.ts'
import { users as relation } from '../../support/events.ts'
import { columnSchema, schemaLogEntry, tableSchema } from '../../support/log-entries.ts'
import * as lines from '../../support/wal2json-lines.ts'
import type { ColumnText } from '../../support/wal2json-lines.ts'

const id = (value: number | string): ColumnText => ['id', 'integer', 23, String(value)]
const name = (value: string): ColumnText => ['name', 'text', 25, JSON.stringify(value)]
const users = schemaLogEntry({
  tables: [tableSchema(16_400, 'users', { id: 'integer!', name: 'text' })],
})
const commitTime = 1_795_334_358_719_648
const place = { commitLsn: 0x200n, xid: 700, commitTime, position: null, translation: null }

test('a transaction gives its changes in order, then its commit with the position after it', () => {
  const events = decode(
    users,
    lines.begin(),
    lines.insert([id(1), name('Ann')]),
    lines.update([id(1), name('Bob')], [id(1)]),
    lines.update([id(2), name('Bob')], [id(1)]),
    lines.remove([id(2)]),
    lines.truncate(),
    lines.commit(),
  )
  assert.deepEqual(events, [
    { kind: 'insert', relation, values: [1, 'Ann'], ...place, ordinal: 0, lsn: 0x100n },
    { kind: 'update', relation, values: [1, 'Bob'], old: null, ...place, ordinal: 1, lsn: 0x110n },
    { kind: 'update', relation, values: [2, 'Bob'], old: [1, null], ...place, ordinal: 2, lsn: 0x110n },
    { kind: 'delete', relation, old: [2, null], ...place, ordinal: 3, lsn: 0x120n },
    { kind: 'truncate', relation, ...place, ordinal: 4, lsn: 0x130n },
    { kind: 'commit', commitLsn: 0x200n, xid: 700, commitTime, position: slotPosition(lsn(0x240n)) },
  ])
  const relations = new Set(events.flatMap((event) => ('relation' in event ? event.relation : [])))
  assert.equal(relations.size, 1, 'one object for one shape')
})

test('every value has its every digit', () => {
  const values: ColumnText[] = [
    ['a', 'bigint', 20, '9007199254740993'],
    ['b', 'numeric', 1700, '1234567890123456789012345678901234567890.10'],
    ['c', 'double precision', 701, '-0'],
    ['d', 'double precision', 701, '1e+20'],
    ['e', 'boolean', 16, 'true'],
    ['f', 'bytea', 17, '"00ff"'],
    ['g', 'text', 25, '"\\"},{\\"name\\":\\\\ \\u0001\\n\u2028\u{1f600}"'],
    ['h', 'json', 114, '"{\\"value\\":12.50}"'],
    ['i', 'numeric', 1700, 'null'],
    ['j', 'oid', 26, '4294967295'],
    ['k', 'text', 25, '""'],
  ]
  const event = only(lines.insert(values))
  assert.ok(event.kind === 'insert')
  assert.deepEqual(event.values, [
    9007199254740993n,
    '1234567890123456789012345678901234567890.10',
    -0,
    1e20,
    true,
    Buffer.from([0, 255]),
    '"},{"name":\\ \u0001\n\u2028\u{1f600}',
    '{"value":12.50}',
    null,
    4_294_967_295,
    '',
  ])
})

test('a large value that an update left alone is unchanged, not null and not missing', () => {
  const event = only(users, lines.update([id(1)], [id(1)]))
  assert.ok(event.kind === 'update')
  assert.deepEqual([event.values, event.old], [[1, unchangedToast], null])
})

test('a large key that an update left alone is known from the old row, which Postgres wrote for it', () => {
  const keyed = schemaLogEntry({ tables: [tableSchema(1, 'users', { key: 'text!', name: 'text' })] })
  const key: ColumnText = ['key', 'text', 25, '"large"']
  const event = only(keyed, lines.update([name('Ann')], [key]))
  assert.ok(event.kind === 'update')
  assert.deepEqual(
    [event.values, event.old],
    [
      ['large', 'Ann'],
      ['large', null],
    ],
  )
})

test('under REPLICA IDENTITY FULL the old row is whole and fills the new one', () => {
  const full = { replica_identity: 'full', identity_columns: ['id', 'name'] } as const
  const entry = schemaLogEntry({ tables: [tableSchema(1, 'users', { id: 'integer', name: 'text' }, full)] })
  const event = only(entry, lines.update([id(2)], [id(1), name('Ann')]))
  assert.ok(event.kind === 'update')
  assert.deepEqual(
    [event.values, event.old],
    [
      [2, 'Ann'],
      [1, 'Ann'],
    ],
  )
  assert.ok(event.relation.columns.every(({ key }) => key))
})

test('what types are called comes from the schema log, their oids from the row', () => {
  const types = {
    a: 'integer!',
    b: '"My Schema".mood',
    c: '"char"',
    d: 'public.price',
    e: '"My Schema"."Mood"[]',
  }
  const entry = schemaLogEntry({ tables: [tableSchema(1, 'users', types)] })
  const row: ColumnText[] = [
    ['a', 'integer', 23, '1'],
    ['b', '"My Schema".mood', 50_001, '"happy"'],
    ['c', 'char', 18, '"x"'],
    ['d', 'public.price', 50_002, '"1.50"'],
    ['e', '"My Schema"."Mood"[]', 50_003, '"{happy}"'],
  ]
  const expected = Object.values(types).map((type) => type.replace('!', ''))
  const known = only(entry, lines.insert(row))
  assert.ok(known.kind === 'insert')
  assert.deepEqual(
    known.relation.columns.map(({ type }) => type),
    expected,
  )
  assert.deepEqual(
    known.relation.columns.map(({ typeOid }) => typeOid),
    [23, 50_001, 18, 50_002, 50_003],
  )
  const unknown = only(lines.insert(row))
  assert.ok(unknown.kind === 'insert')
  assert.deepEqual(
    unknown.relation.columns.map(({ type }) => type),
    expected,
  )
  assert.deepEqual(unknown.values, known.values)
})

test('a table that nobody described is taken as it comes, its key from what identifies its rows', () => {
  const events = decode(
    lines.begin(),
    lines.insert([id(1), name('Ann')]),
    lines.update([id(1), name('Bob')], [id(1)]),
    lines.update([name('Bob')], [id(1), name('Ann')]),
    lines.remove([id(1)]),
  )
  const seen = events.map((event) => {
    assert.ok('relation' in event && event.relation.oid === 0)
    const keys = event.relation.columns.map((column) => `${column.name}${column.key ? '!' : ''}`)
    return [
      event.kind,
      event.relation.replicaIdentity,
      keys.join(' '),
      'old' in event ? event.old : undefined,
    ]
  })
  assert.deepEqual(seen, [
    ['insert', 'default', 'id name', undefined],
    ['update', 'default', 'id! name', null],
    ['update', 'full', 'id! name!', [1, 'Ann']],
    ['delete', 'default', 'id!', [1]],
  ])
})

test('a row that is identified by other columns than the schema log says is taken as it comes', () => {
  const [removed, updated, again] = decode(
    users,
    lines.begin(),
    lines.remove([name('Ann')]),
    lines.update([id(1), name('Bob')], [name('Ann')]),
    users,
    lines.remove([id(1)]),
  )
  assert.ok(removed?.kind === 'delete' && updated?.kind === 'update' && again?.kind === 'delete')
  assert.deepEqual(removed.old, ['Ann'])
  assert.deepEqual(
    [updated.values, updated.old],
    [
      [1, 'Bob'],
      [null, 'Ann'],
    ],
  )
  assert.deepEqual(again.old, [1])
})

test('rows before an entry have the old shape, rows behind it the new one, in parts too', () => {
  const table = tableSchema(16_400, 'people', { id: 'integer!', name: 'text', more: 'text' })
  const [first, ...others] = table.columns
  const cut = { command: 'ALTER TABLE', xid: '9000', parts: 2 }
  const events = decode(
    users,
    lines.begin(),
    lines.insert([id(1), name('a')]),
    schemaLogEntry({ ...cut, part: 1, tables: [{ ...table, columns: [first!] }] }),
    schemaLogEntry({ ...cut, part: 2, tables: [{ ...table, columns: others }] }),
    lines.update([id(1), ['more', 'text', 25, '"b"']], [id(1)], 'people'),
    lines.insert([id(2)], 'users'),
  )
  assert.deepEqual(
    events.map((event) => event.kind !== 'commit' && event.kind !== 'message' && event.relation.oid),
    [16_400, 16_400, 0],
  )
  const [, renamed] = events
  assert.ok(renamed?.kind === 'update')
  assert.deepEqual(renamed.values, [1, unchangedToast, 'b'])
})

test('an entry that changes nothing of a shape leaves its object as it is', () => {
  const again = schemaLogEntry({ tables: [tableSchema(16_400, 'users', { id: 'integer!', name: 'text' })] })
  const row = lines.insert([id(1), name('a')])
  const [before, after] = decode(users, lines.begin(), row, again, row)
  assert.ok(before?.kind === 'insert' && after?.kind === 'insert')
  assert.equal(before.relation, after.relation)
})

test('columns that are computed when they are read are left out, written or not', () => {
  const table = tableSchema(1, 'users', { id: 'integer!' })
  const computed = columnSchema('t1-2', 'twice', 'integer', { generated: 'virtual' })
  const entry = schemaLogEntry({ tables: [{ ...table, columns: [...table.columns, computed] }] })
  for (const row of [[id(1)], [id(1), ['twice', 'integer', 23, 'null'] as const]]) {
    const event = only(entry, lines.insert(row))
    assert.ok(event.kind === 'insert')
    assert.deepEqual([event.values, event.relation.oid, event.relation.columns.length], [[1], 1, 1])
  }
})

test('a TRUNCATE of a partitioned table is that of its partitions, and takes no number', () => {
  const parent = tableSchema(1, 'users', { id: 'integer!' }, { partitioned: true })
  const event = only(
    schemaLogEntry({ tables: [parent, tableSchema(2, 'users1', { id: 'integer!' })] }),
    lines.truncate('users'),
    lines.truncate('users1'),
  )
  assert.ok(event.kind === 'truncate')
  assert.deepEqual([event.relation.table, event.ordinal], ['users1', 0])
  assert.deepEqual(event.relation.columns, [{ name: 'id', type: 'integer', typeOid: 23, key: true }])
})

test('a table has events where a materialized view has its name now, or had it', () => {
  const events: Emitted[] = []
  const knowledge = { ...nothingKnown(), materializedViews: new Set([qualifiedName('public', 'sales')]) }
  const decoder = new Wal2jsonDecoder((event) => events.push(event), knowledge)
  knowledge.tables.learn(schemaLogEntry({ tables: [tableSchema(1, 'sales', { id: 'integer!' })] }))
  for (const line of [lines.begin(), lines.insert([id(1)], 'sales'), lines.truncate('sales')])
    decoder.decode(line)
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['insert', 'truncate'],
  )
})

test('materialized views have no events, but the numbers of others do not change for it', () => {
  const events: Emitted[] = []
  const knowledge = { ...nothingKnown(), materializedViews: new Set([qualifiedName('public', 'view')]) }
  const decoder = new Wal2jsonDecoder((event) => events.push(event), knowledge)
  for (const line of [lines.begin(), lines.insert([id(1)], 'view'), lines.insert([id(2)])])
    decoder.decode(line)
  const [event, ...others] = events
  assert.ok(event?.kind === 'insert' && others.length === 0)
  assert.deepEqual([event.values, event.ordinal], [[2], 1])
})
