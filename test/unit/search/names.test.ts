import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aliasOfSchema, fieldOfColumn, indexOfSchema } from '../../../src/search/names.ts'

test('a plain name stays as it is', () => {
  assert.equal(aliasOfSchema('public'), 'public')
  assert.equal(indexOfSchema('sales_2026', 1), 'sales_2026-1')
  assert.equal(fieldOfColumn('users', 'first name'), 'users.first name')
  assert.equal(fieldOfColumn('users', 'name', 'text'), 'users.name@text')
})

test('what an index cannot be called is written in hexadecimal digits', () => {
  assert.equal(aliasOfSchema('A'), '@41')
  assert.equal(aliasOfSchema('_x'), '@5fx')
  assert.equal(aliasOfSchema('É, b'), '@c3@89@2c@20b')
  assert.equal(aliasOfSchema('a.b'), 'a.b')
})

test('no two schemas have one name for an index or an alias', () => {
  const schemas = [
    'a',
    'A',
    '@41',
    'a-1',
    'a-1-1',
    'a@2d1',
    '_a',
    '-a',
    'pgstream-dead-letters',
    'ä',
    'Ä',
    '🎉',
  ]
  const names = schemas.flatMap((schema) => [aliasOfSchema(schema), indexOfSchema(schema, 1)])
  assert.equal(new Set(names).size, names.length)
})

test('no two columns have one name, and none is within another', () => {
  const columns = [
    ['a', 'b'],
    ['a.b', 'c'],
    ['a', 'b.c'],
    ['a@2eb', 'c'],
    ['_a', 'b'],
    ['a', '_id'],
    [' ', '*'],
    ['c8fg2o3tqk5s73a1b2v0-1', 'b'],
    ['@638fg2o3tqk5s73a1b2v0-1', 'b'],
  ] as const
  const names = columns.map(([table, column]) => fieldOfColumn(table, column))
  assert.equal(new Set(names).size, names.length)
  for (const name of names) {
    assert.equal(name.split('.').length, 2, name)
    assert.doesNotMatch(name, /^_|\*|^[0-9a-v]{20}-/)
  }
})
