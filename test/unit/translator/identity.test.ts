import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultIdentity } from '../../../src/translator/identity.ts'
import type { TableSchema } from '../../../src/wal/schema-log.ts'
import { columnSchema, tableSchema } from '../../support/log-entries.ts'

const names = ['a', 'b', 'c', 'd']

/** Columns a to d, of which `d` may be null. */
function table(more: Partial<TableSchema>): TableSchema {
  return tableSchema(
    1,
    't',
    {},
    {
      columns: names.map((name, i) =>
        columnSchema(`t1-${i + 1}`, name, 'integer', { nullable: name === 'd' }),
      ),
      replica_identity: 'full',
      identity_columns: names,
      ...more,
    },
  )
}

const unique = (...lists: string[][]): TableSchema['unique_indexes'] => lists.map((columns) => ({ columns }))

test('the primary key, in key order', () => {
  const keyed = {
    primary_key_columns: ['c', 'a'],
    replica_identity: 'default',
    identity_columns: ['c', 'a'],
  } as const
  assert.deepEqual(defaultIdentity(table({ ...keyed, unique_indexes: unique(['b'], ['c', 'a']) })), [
    'c',
    'a',
  ])
})

test('else the unique index that is never null with the fewest columns, then the one that begins first', () => {
  const indexes = unique(['d'], ['c', 'a'], ['c'], ['b'], ['a', 'b', 'c'])
  assert.deepEqual(defaultIdentity(table({ unique_indexes: indexes })), ['b'])
  assert.deepEqual(defaultIdentity(table({ unique_indexes: unique(['c', 'a'], ['b', 'c'], ['d', 'a']) })), [
    'b',
    'c',
  ])
})

test('a key that can be deferred is none', () => {
  const deferrable = { primary_key_columns: ['a'], primary_key_deferrable: true }
  assert.equal(defaultIdentity(table(deferrable)), null)
  assert.deepEqual(defaultIdentity(table({ ...deferrable, unique_indexes: unique(['c']) })), ['c'])
})

test('where old rows have certain columns only, no other column identifies', () => {
  const byIndex = { replica_identity: 'index', identity_columns: ['b', 'c'] } as const
  const indexes = unique(['a'], ['b', 'c'])
  assert.deepEqual(
    defaultIdentity(table({ ...byIndex, primary_key_columns: ['a'], unique_indexes: indexes })),
    ['b', 'c'],
  )
})

test('a column that rows come without identifies nothing', () => {
  const keyed = { primary_key_columns: ['b'], unique_indexes: unique(['b'], ['c', 'a']) }
  assert.deepEqual(defaultIdentity(table(keyed), new Set(['a', 'c'])), ['c', 'a'])
  assert.equal(defaultIdentity(table(keyed), new Set(['a'])), null)
})

test('nothing where nothing is unique', () => {
  assert.equal(defaultIdentity(table({})), null)
  assert.equal(defaultIdentity(table({ unique_indexes: unique(['d']) })), null)
})
