import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SchemaMemory } from '../../../src/cli/demo/view/schema-memory.ts'
import type { ColumnSchema, SchemaDelta, SchemaLogEntry, TableSchema } from '../../../src/wal/schema-log.ts'
import { columnSchema, schemaLogEntry, tableSchema } from '../../support/log-entries.ts'

const column = (number: number, name: string, type: string, more: Partial<ColumnSchema> = {}): ColumnSchema =>
  columnSchema(`t1-${number}`, name, type, more)

const orders = (columns: readonly ColumnSchema[], more: Partial<TableSchema> = {}): TableSchema =>
  tableSchema(
    16_400,
    'orders',
    {},
    { pgstream_id: 't1', columns, primary_key_columns: ['id'], identity_columns: ['id'], ...more },
  )

const entry = (schema: Partial<SchemaDelta>, schemaName = 'shop'): SchemaLogEntry =>
  schemaLogEntry(schema, schemaName)

const wide = Array.from({ length: 23 }, (_, i) => column(i + 1, `c${i + 1}`, 'text'))
const [id, status] = [column(1, 'id', 'integer', { nullable: false }), column(2, 'status', 'text')]

/** A memory that knows `shop.orders (id, status)`. */
function experienced(): SchemaMemory {
  const memory = new SchemaMemory()
  memory.learn(entry({ command: 'REFRESH', tables: [orders([id, status])] }))
  return memory
}

test('a table is known before anything changed it, and created by the command that made it', () => {
  const tables = [orders([id, status])]
  const changes = (command: string): unknown => new SchemaMemory().learn(entry({ command, tables }))
  const subject = 'shop.orders'
  assert.deepEqual(changes('REFRESH'), [{ subject, changes: ['table known (id integer, status text)'] }])
  assert.deepEqual(changes('CREATE TABLE'), [
    { subject, changes: ['table created (id integer, status text)'] },
  ])
  assert.deepEqual(changes('SELECT INTO'), [
    { subject, changes: ['table created (id integer, status text)'] },
  ])
})

const cases: readonly [string, TableSchema, readonly string[]][] = [
  [
    'an added column',
    orders([id, status, column(3, 'discount', 'numeric(5,2)')]),
    ['column discount numeric(5,2) added'],
  ],
  ['a dropped column', orders([id]), ['column status dropped']],
  [
    'a column that was dropped and added again',
    orders([id, column(3, 'status', 'text')]),
    ['column status dropped', 'column status text added'],
  ],
  ['a renamed column', orders([id, column(2, 'state', 'text')]), ['column status renamed to state']],
  ['a changed type', orders([id, column(2, 'status', 'integer')]), ['column status: type text → integer']],
  [
    'other properties of a column',
    orders([
      id,
      column(2, 'status', 'text', { nullable: false, default: `'new'::text`, unique: true, metadata: 'm' }),
    ]),
    [
      'column status: not null',
      `column status: default 'new'::text`,
      'column status: unique',
      'column status: comment changed',
    ],
  ],
  [
    'keys and identity',
    orders([id, status], { primary_key_columns: [], replica_identity: 'full' }),
    ['primary key dropped', 'replica identity default → full'],
  ],
  ['nothing of a column', orders([id, status]), ['no column changed']],
]

for (const [what, after, changes] of cases) {
  test(`an entry is told as the difference to the one before: ${what}`, () => {
    assert.deepEqual(experienced().learn(entry({ tables: [after] })), [{ subject: 'shop.orders', changes }])
  })
}

test('a renamed table keeps its history and its primary key', () => {
  const memory = experienced()
  assert.deepEqual(memory.learn(entry({ tables: [orders([id, status], { name: 'sales' })] })), [
    { subject: 'shop.sales', changes: ['table renamed from orders'] },
  ])
  assert.deepEqual(memory.primaryKeyOf('shop', 'sales'), ['id'])
  assert.deepEqual(memory.primaryKeyOf('shop', 'orders'), [])
})

test('a table that moved to another schema was not dropped', () => {
  const arrives = entry({ tables: [orders([id, status])] }, 'archive')
  const leaves = entry({ dropped_tables: [{ pgstream_id: 't1', oid: '16400', name: 'orders' }] })
  const memory = experienced()
  assert.deepEqual(memory.learn(arrives), [
    { subject: 'archive.orders', changes: ['table moved from schema shop'] },
  ])
  assert.deepEqual(memory.learn(leaves), [{ subject: 'shop', changes: ['no table changed'] }])
  assert.deepEqual(memory.primaryKeyOf('archive', 'orders'), ['id'])
})

test('a dropped table and a dropped schema are told', () => {
  const memory = experienced()
  const dropped = { dropped_tables: [{ pgstream_id: 't1', oid: '16400', name: 'orders' }], dropped: true }
  assert.deepEqual(memory.learn(entry({ command: 'DROP SCHEMA', ...dropped })), [
    { subject: 'shop.orders', changes: ['table dropped'] },
    { subject: 'shop', changes: ['schema dropped'] },
  ])
  assert.deepEqual(memory.primaryKeyOf('shop', 'orders'), [])
})

test('a new schema is told', () => {
  assert.deepEqual(new SchemaMemory().learn(entry({ command: 'CREATE SCHEMA' })), [
    { subject: 'shop', changes: ['schema created'] },
  ])
})

test('a renamed schema keeps its tables', () => {
  const memory = experienced()
  assert.deepEqual(memory.learn(entry({ command: 'ALTER SCHEMA', renamed_from: 'shop' }, 'store')), [
    { subject: 'store', changes: ['schema renamed from shop'] },
  ])
  assert.deepEqual(memory.primaryKeyOf('store', 'orders'), ['id'])
  assert.deepEqual(memory.primaryKeyOf('shop', 'orders'), [])
})

test('a part of a large entry is not taken for the whole', () => {
  const memory = experienced()
  const part = (number: number, table: TableSchema): unknown =>
    memory.learn(entry({ tables: [table], part: number, parts: 2 }))
  assert.deepEqual(part(1, orders([id])), [{ subject: 'shop', changes: ['a large change, part 1 of 2'] }])
  assert.deepEqual(part(2, orders([status])), [{ subject: 'shop', changes: ['a large change, part 2 of 2'] }])
})

test('a wide table is told by its first columns', () => {
  const [note] = new SchemaMemory().learn(entry({ command: 'REFRESH', tables: [orders(wide)] }))
  assert.match(note!.changes[0]!, /^table known \(c1 text, .*c20 text, 3 more\)$/)
})
