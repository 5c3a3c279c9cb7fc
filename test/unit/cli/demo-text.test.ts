import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventText } from '../../../src/cli/demo/view/event-text.ts'
import { scenes } from '../../../src/cli/demo/shop.ts'
import { SchemaMemory } from '../../../src/cli/demo/view/schema-memory.ts'
import { valueText } from '../../../src/cli/demo/view/value-text.ts'
import type { ChangeEvent } from '../../../src/wal/event.ts'
import type { Relation, ReplicaIdentity } from '../../../src/wal/relation.ts'
import { unchangedToast } from '../../../src/wal/value.ts'
import type { Row } from '../../../src/wal/value.ts'
import { insert, users } from '../../support/events.ts'

const relation = (replicaIdentity: ReplicaIdentity): Relation => ({
  ...users,
  replicaIdentity,
  columns: users.columns.map((column) => ({ ...column, key: column.key || replicaIdentity === 'full' })),
})

const base = insert(1)

function update(old: Row | null, values: Row, identity: ReplicaIdentity = 'full'): ChangeEvent {
  return { ...base, kind: 'update', relation: relation(identity), old, values }
}

function remove(old: Row, identity: ReplicaIdentity): ChangeEvent {
  return { ...base, kind: 'delete', relation: relation(identity), old }
}

/** As a pipe gets it, unless a width is asked for. */
function text(event: ChangeEvent, { width = Infinity, memory = new SchemaMemory() } = {}): string {
  return eventText(event, { paint: (_style, words) => words, width, memory }).join('\n')
}

/** Knows that `id` is the primary key of `public.users`. */
function knowing(): SchemaMemory {
  const memory = new SchemaMemory()
  const table = {
    oid: '16400',
    pgstream_id: 't1',
    name: 'users',
    columns: [],
    primary_key_columns: ['id'],
    primary_key_deferrable: false,
    replica_identity: 'full',
    identity_columns: [],
    unique_indexes: [],
  } as const
  const made = { xid: '740', lsn: '0/1000', snapshot: '740:740:' }
  const schema = { command: 'REFRESH', ...made, tables: [table], dropped_tables: [] }
  memory.learn({ id: '1', version: 1, schemaName: 'public', createdAt: '', schema })
  return memory
}

test('an insert and a delete tell the row, or of the deleted one what is known of it', () => {
  assert.equal(text(insert(1, 'Ada')), `INSERT   public.users  id=1  name='Ada'`)
  assert.equal(text(remove([1, 'Ada'], 'full')), `DELETE   public.users  id=1  name='Ada'`)
  assert.equal(text(remove([1, null], 'default')), 'DELETE   public.users  id=1')
})

test('an update tells the key and what changed, old and new', () => {
  const memory = knowing()
  assert.equal(
    text(update([1, 'Ada'], [1, 'Grace']), { memory }),
    `UPDATE   public.users  id=1  name='Ada' → 'Grace'`,
  )
  assert.equal(text(update([1, 'Ada'], [2, 'Ada']), { memory }), 'UPDATE   public.users  id=1 → 2')
  assert.equal(text(update([1, 'Ada'], [1, unchangedToast]), { memory }), 'UPDATE   public.users  id=1')
  assert.equal(
    text(update([1, null], [1, 'Ada']), { memory }),
    `UPDATE   public.users  id=1  name=null → 'Ada'`,
  )
})

test('an update of a table without a key tells the whole row', () => {
  assert.equal(text(update([1, 'Ada'], [1, 'Grace'])), `UPDATE   public.users  id=1  name='Ada' → 'Grace'`)
  assert.equal(text(update([1, 'Ada'], [2, 'Ada'])), `UPDATE   public.users  id=1 → 2  name='Ada'`)
})

test('an update whose old row is not in the stream tells the new one, with a changed key as old and new', () => {
  assert.equal(text(update(null, [1, 'Ada'], 'default')), `UPDATE   public.users  id=1  name='Ada'`)
  assert.equal(text(update([1, null], [2, 'Ada'], 'default')), `UPDATE   public.users  id=1 → 2  name='Ada'`)
})

test('a truncate and a message have their lines', () => {
  assert.equal(text({ ...base, kind: 'truncate', relation: users }), 'TRUNCATE public.users  all rows')
  const message = { transactional: true, prefix: 'shop', content: Buffer.from('closing time') }
  assert.equal(text({ ...base, ...message, kind: 'message' }), `MESSAGE  shop  'closing time'`)
})

test('what has no room goes on below', () => {
  const event = insert(1, 'Ada Lovelace')
  const line = `INSERT   public.users  id=1  name='Ada Lovelace'`
  assert.equal(text(event, { width: line.length }), line)
  assert.equal(
    text(event, { width: line.length - 1 }),
    `INSERT   public.users  id=1\n           name='Ada Lovelace'`,
  )
})

test('values look as they would in SQL, on one line and not longer than a glance', () => {
  assert.equal(valueText(null, 'text'), 'null')
  assert.equal(valueText(12n, 'bigint'), '12')
  assert.equal(valueText('7.50', 'numeric(5,2)'), '7.50')
  assert.equal(valueText('{7.50}', 'numeric(5,2)[]'), `'{7.50}'`)
  assert.equal(valueText(Buffer.from('dead', 'hex'), 'bytea'), '\\xdead')
  assert.equal(valueText(unchangedToast, 'text'), '(large, unchanged)')
  assert.equal(valueText('x'.repeat(41), 'text'), `'${'x'.repeat(39)}…'`)
  assert.equal(valueText('🦣'.repeat(41), 'text'), `'${'🦣'.repeat(39)}…'`)
})

test('nothing in a value or a name reaches the terminal as a command', () => {
  assert.equal(valueText('a\n\u001b[31mb\u202e', 'text'), `'a\\n\\u001b[31mb\\u202e'`)
  const named = { ...base, relation: { ...users, table: '\u001b[2J' } }
  assert.match(text(named), /^INSERT {3}public\.\\u001b\[2J {2}/)
})

test('every statement of the story fits on a terminal of 80 columns', () => {
  const shown = scenes.flatMap(({ statements }) => statements.map((statement) => `shop=# ${statement};`))
  assert.deepEqual(
    shown.filter((line) => line.length > 80),
    [],
  )
})
