import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WireJsonReader } from '../../../src/wal/read-wire-json.ts'
import { lanesOf } from '../../../src/webhook/lanes-of.ts'
import type { LanesOf } from '../../../src/webhook/lanes-of.ts'

interface Column {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly value: unknown
}

const column = (name: string, value: unknown): Column => ({
  id: `t-${name}`,
  name,
  type: typeof value === 'number' ? 'integer' : 'text',
  value,
})

/** The lanes of what a topic holds. */
function lanesFromWire(
  action: string,
  columns: readonly Column[] | null,
  identity: readonly Column[] | null,
  identityColumns: readonly string[] | null,
): LanesOf {
  const metadata = {
    schema_id: 's',
    table_pgstream_id: 't',
    id_col_pgstream_id: identityColumns?.map((name) => `t-${name}`) ?? null,
    version_col_pgstream_id: '',
  }
  const place = { timestamp: '2026-11-28 12:00:00+00', lsn: '0/10', schema: 'public', table: 'items' }
  return lanesOf(
    new WireJsonReader().read(JSON.stringify({ action, ...place, columns, identity, metadata }), null),
  )
}

test('from Kafka, all changes of a row have its lane, and a change of its key has both', () => {
  const row = (id: number): Column[] => [column('n', 5), column('id', id), column('text', 'x')]
  const key = (id: number): Column[] => [column('id', id)]
  const lane = (id: number): string => `public.items[${id}]`
  const of = ['id']
  assert.deepEqual(lanesFromWire('I', row(1), null, of), [lane(1)])
  assert.deepEqual(lanesFromWire('U', row(1), null, of), [lane(1)])
  assert.deepEqual(lanesFromWire('U', row(1), row(1), of), [lane(1)])
  assert.deepEqual(lanesFromWire('U', row(2), key(1), of), [lane(1), lane(2)])
  assert.deepEqual(lanesFromWire('D', null, key(2), of), [lane(2)])
  assert.deepEqual(lanesFromWire('D', null, row(2), of), [lane(2)])
})

test('from Kafka, a key of several columns has them in the same order, whatever the row begins with', () => {
  const row = [column('b', 'y'), column('n', 5), column('a', 'x')]
  const of = ['a', 'b']
  const lane = ['public.items["x","y"]']
  assert.deepEqual(lanesFromWire('I', row, null, of), lane)
  assert.deepEqual(lanesFromWire('U', row, null, of), lane)
  assert.deepEqual(lanesFromWire('D', null, [column('a', 'x'), column('b', 'y')], of), lane)
})

test('from Kafka, changes of a table without identity have the lane of the table', () => {
  const row = [column('a', 'x'), column('b', 'y')]
  assert.deepEqual(lanesFromWire('I', row, null, null), ['public.items'])
  assert.deepEqual(lanesFromWire('U', row, row, null), ['public.items'])
  assert.deepEqual(lanesFromWire('D', null, row, null), ['public.items'])
})

test('from Kafka, a change that does not hold what identifies its row is a barrier', () => {
  assert.equal(lanesFromWire('D', null, [column('id', 1)], ['email']), 'barrier')
})
