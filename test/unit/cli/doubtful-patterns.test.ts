import assert from 'node:assert/strict'
import { test } from 'node:test'
import { doubtfulPatterns } from '../../../src/cli/doubtful-patterns.ts'

const tables = [
  { schema: 'public', table: 'orders', isPartitioned: false },
  { schema: 'public', table: 'Users', isPartitioned: false },
  { schema: 'public', table: 'sales', isPartitioned: true },
  { schema: 'public', table: 'sales_2026', isPartitioned: false },
  { schema: 'shop', table: 'lines', isPartitioned: false },
]

const doubts: Readonly<Record<string, string | null>> = {
  orders: null,
  'sales*': null,
  '*.*': null,
  '"Users"': null,
  'shop.*': null,
  ordres: 'no table is called ordres; did you mean orders?',
  'public.ordres': 'no table is called public.ordres; did you mean public.orders?',
  'shop.line': 'no table is called shop.line; did you mean shop.lines?',
  lines: 'no table is called lines; did you mean shop.lines?',
  users: 'no table is called users; did you mean public."Users"?',
  'attic.*': 'no table is called attic.* at present',
  sales: 'sales is partitioned, and rows come under the names of partitions: name those, or write sales*',
}

for (const [pattern, expected] of Object.entries(doubts)) {
  test(`${pattern}: ${expected ?? 'no doubt'}`, () => {
    assert.deepEqual(doubtfulPatterns([pattern], tables), expected === null ? [] : [expected])
  })
}

test('in a database without tables every pattern is in doubt, and none has a hint', () => {
  assert.deepEqual(doubtfulPatterns(['orders', 'shop.*'], []), [
    'no table is called orders at present',
    'no table is called shop.* at present',
  ])
})
