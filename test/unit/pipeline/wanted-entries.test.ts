import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableChoice } from '../../../src/pipeline/table-choice.ts'
import type { TableLists } from '../../../src/pipeline/table-choice.ts'
import { WantedEntries } from '../../../src/pipeline/wanted-entries.ts'
import { EntryParts } from '../../../src/wal/entry-parts.ts'
import type { SchemaChangeEvent } from '../../../src/wal/event.ts'
import type { SchemaDelta } from '../../../src/wal/schema-log.ts'
import { users } from '../../support/events.ts'
import { tableSchema } from '../../support/log-entries.ts'
import { schemaChange } from '../../support/schema-changes.ts'

const table = (oid: number, name: string) => tableSchema(oid, name, { id: 'integer!' })
const gone = (oid: number, name: string) => ({ oid: String(oid), pgstream_id: `t${oid}`, name })

const entriesOf = (lists: TableLists): WantedEntries => new WantedEntries(tableChoice(lists))

/** As `public: orders; without lines`; null when nothing is told. */
function told(entries: WantedEntries, delta: Partial<SchemaDelta>, schemaName = 'public'): string | null {
  const passed = entries.of(schemaChange(delta, schemaName))
  return passed && inWords(passed)
}

function inWords({ entry: { schemaName, schema } }: SchemaChangeEvent): string {
  const facts = [
    ...schema.tables.map(({ name }) => name),
    ...schema.dropped_tables.map(({ name }) => `without ${name}`),
    ...(schema.dropped ? ['dropped'] : []),
    ...(schema.renamed_from === undefined ? [] : [`was ${schema.renamed_from}`]),
    ...(schema.parts === undefined ? [] : [`part ${schema.part ?? 0} of ${schema.parts}`]),
  ]
  return `${schemaName}: ${facts.join(', ')}`
}

test('an entry keeps its wanted tables, those that are gone too, and its row in the log says the same', () => {
  const event = schemaChange({
    tables: [table(1, 'orders'), table(2, 'secrets')],
    dropped_tables: [gone(3, 'secret_lines'), gone(4, 'orders_old')],
  })
  const passed = entriesOf({ include: ['orders*'] }).of(event)!
  assert.equal(inWords(passed), 'public: orders, without orders_old')
  const names = passed.relation.columns.map(({ name }) => name)
  const row = Object.fromEntries(names.map((name, i) => [name, passed.values[i]]))
  assert.deepEqual(JSON.parse(row['schema'] as string), passed.entry.schema)
  assert.doesNotMatch(row['schema'] as string, /secret/)
  const before = Object.fromEntries(names.map((name, i) => [name, event.values[i]]))
  assert.deepEqual({ ...row, schema: null }, { ...before, schema: null }, 'the other columns stay')
  assert.deepEqual(
    { ...passed, values: null, entry: null },
    { ...event, values: null, entry: null },
    'ordinal, LSNs and xid stay',
  )
  assert.equal(event.entry.schema.tables.length, 2, 'the event itself is not touched: others have it, too')
})

test('an entry of wanted tables only is the same object; one of unwanted tables only is dropped', () => {
  const entries = entriesOf({ exclude: ['secrets'] })
  const event = schemaChange({ tables: [table(1, 'orders')], dropped_tables: [gone(3, 'lines')] })
  assert.equal(entries.of(event), event)
  assert.equal(told(entries, { tables: [table(2, 'secrets')] }), null)
  assert.equal(told(entries, { dropped_tables: [gone(2, 'secrets')] }), null)
})

test('a wanted table that is renamed to an unwanted name is told as dropped, once, under the name that is known', () => {
  const entries = entriesOf({ include: ['orders'] })
  assert.equal(told(entries, { tables: [table(1, 'orders'), table(2, 'lines')] }), 'public: orders')
  assert.equal(told(entries, { tables: [table(1, 'archive')] }), 'public: without orders')
  assert.equal(told(entries, { tables: [table(1, 'archive')] }), null)
  assert.equal(told(entries, { tables: [table(2, 'lines_old')] }), null, 'nobody ever heard of it')
  assert.equal(told(entries, { tables: [table(1, 'orders')] }), 'public: orders', 'and back')
  assert.equal(
    told(entries, { tables: [table(1, 'older')], dropped_tables: [gone(9, 'x')] }),
    'public: without orders',
  )
})

test('a table is known by its rows, too', () => {
  const entries = entriesOf({ include: ['users'] })
  entries.know({ ...users, oid: 7 })
  entries.know({ ...users, oid: 0 })
  assert.equal(told(entries, { tables: [table(7, 'people')] }), 'public: without users')
  assert.equal(told(entries, { tables: [table(0, 'people')] }), null)
})

test('a table that moves between wanted and unwanted schemas is told as dropped, or described', () => {
  const entries = entriesOf({ include: ['shop.*'] })
  assert.equal(told(entries, { tables: [table(1, 'orders')] }, 'shop'), 'shop: orders')
  assert.equal(told(entries, { dropped_tables: [gone(1, 'orders')] }, 'shop'), 'shop: without orders')
  assert.equal(told(entries, { tables: [table(1, 'orders')] }, 'attic'), null)
  assert.equal(told(entries, { dropped_tables: [gone(1, 'orders')] }, 'attic'), null)
  assert.equal(told(entries, { tables: [table(1, 'orders')] }, 'shop'), 'shop: orders')
})

test('what happens to a schema is told when a table of it can be wanted', () => {
  const entries = entriesOf({ include: ['shop.orders', '*.lines'], exclude: ['attic.*', 'cellar.orders'] })
  assert.equal(told(entries, { command: 'CREATE SCHEMA' }, 'shop'), 'shop: ')
  assert.equal(told(entries, { command: 'CREATE SCHEMA' }, 'cellar'), 'cellar: ')
  assert.equal(told(entries, { command: 'CREATE SCHEMA' }, 'attic'), null)
  assert.equal(told(entries, { dropped: true, dropped_tables: [gone(2, 'x')] }, 'shop'), 'shop: dropped')
  assert.equal(told(entries, { dropped: true }, 'attic'), null)
  assert.equal(told(entries, { renamed_from: 'shop', tables: [table(1, 'x')] }, 'store'), 'store: was shop')
  assert.equal(told(entries, { renamed_from: 'attic' }, 'store'), 'store: was attic')
})

test('a schema of which nothing is wanted under its new name is told as dropped, once', () => {
  const entries = entriesOf({ include: ['shop.*'] })
  const renamed = { command: 'ALTER SCHEMA', renamed_from: 'shop', tables: [table(1, 'orders')] }
  assert.equal(told(entries, renamed, 'store'), 'shop: dropped')
  assert.equal(told(entries, { ...renamed, part: 1, parts: 2 }, 'store'), 'shop: dropped')
  assert.equal(told(entries, { ...renamed, part: 2, parts: 2 }, 'store'), null)
  assert.equal(told(entries, { renamed_from: 'attic' }, 'store'), null)
  const passed = entries.of(schemaChange(renamed, 'store'))!
  const columns = passed.relation.columns.map(({ name }) => name)
  assert.equal(passed.values[columns.indexOf('schema_name')], 'shop')
})

test('an entry in parts can be put together again, whichever of its tables are wanted', () => {
  const wide = tableSchema(2, 'wide', { a: 'integer!', b: 'text', c: 'text', d: 'text' })
  const piece = (from: number, to: number) => ({ ...wide, columns: wide.columns.slice(from, to) })
  const parts: Partial<SchemaDelta>[] = [
    { dropped_tables: [gone(9, 'orders_old'), gone(8, 'x')] },
    { tables: [table(1, 'orders'), piece(0, 1)] },
    { tables: [piece(1, 3)] },
    { tables: [piece(3, 4), table(3, 'lines')] },
    { tables: [table(4, 'secrets')] },
  ]
  for (const include of [['orders*'], ['wide'], ['lines'], ['secrets'], ['none']]) {
    const entries = entriesOf({ include })
    const joined = new EntryParts()
    const whole = new EntryParts()
    let seen = null
    let expected = null
    for (const [i, part] of parts.entries()) {
      const delta = { xid: '77', part: i + 1, parts: parts.length, ...part }
      const passed = entries.of(schemaChange(delta))
      assert.ok(passed, 'no part is missing')
      seen = joined.add(passed.entry)
      expected = whole.add(schemaChange(delta).entry)
    }
    const choice = tableChoice({ include })
    const isWanted = ({ name }: { name: string }): boolean => choice.wants('public', name)
    assert.deepEqual(seen?.schema.tables, expected?.schema.tables.filter(isWanted))
    assert.deepEqual(seen?.schema.dropped_tables, expected?.schema.dropped_tables.filter(isWanted))
  }
  assert.equal(
    told(entriesOf({ include: ['shop.*'] }), { ...parts[1], part: 2, parts: 5 }),
    null,
    'nor sent in vain',
  )
})
