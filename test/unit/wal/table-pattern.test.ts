import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseTablePattern, splitPatterns } from '../../../src/wal/table-pattern.ts'

const tables: readonly (readonly [schema: string, table: string])[] = [
  ['public', 'orders'],
  ['public', 'orders_2026'],
  ['public', 'Orders'],
  ['public', 'a.b'],
  ['public', 'say "hi"'],
  ['public', 'a*b'],
  ['public', 'größe'],
  ['shop', 'orders'],
  ['shop', 'my_orders_old'],
  ['My Schema', 'a.b'],
  ['public.orders', 'orders'],
]

describe('a pattern names', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    orders: ['public.orders'],
    'public.orders': ['public.orders'],
    '*.orders': ['public.orders', 'shop.orders', 'public.orders.orders'],
    'shop.*': ['shop.orders', 'shop.my_orders_old'],
    'orders*': ['public.orders', 'public.orders_2026'],
    '*orders*': ['public.orders', 'public.orders_2026'],
    '*.*orders*': [
      ...['public.orders', 'public.orders_2026', 'shop.orders', 'shop.my_orders_old'],
      'public.orders.orders',
    ],
    's*p.*_*': ['shop.my_orders_old'],
    '"Orders"': ['public.Orders'],
    '"orders"': ['public.orders'],
    '"O"*': ['public.Orders'],
    '*"."*': ['public.a.b'],
    '"a.b"': ['public.a.b'],
    '"a*b"': ['public.a*b'],
    'a*b': ['public.a.b', 'public.a*b'],
    '"My Schema"."a.b"': ['My Schema.a.b'],
    '"My Schema".*': ['My Schema.a.b'],
    '"public.orders".orders': ['public.orders.orders'],
    '"say ""hi"""': ['public.say "hi"'],
    größe: ['public.größe'],
    '*': tables.filter(([schema]) => schema === 'public').map((names) => names.join('.')),
    '*.*': tables.map((names) => names.join('.')),
    order: [],
    'orders.public': [],
  }
  for (const [pattern, expected] of Object.entries(cases)) {
    test(`${pattern}: ${expected.join(', ') || 'nothing'}`, () => {
      const { matches } = parseTablePattern(pattern)
      assert.deepEqual(
        tables.filter(([schema, table]) => matches(schema, table)).map((names) => names.join('.')),
        expected,
      )
    })
  }
})

describe('what is no pattern is refused with the reason', () => {
  const cases: Readonly<Record<string, RegExp>> = {
    'shop.': /a name is missing/,
    '.orders': /a name is missing/,
    '': /a name is missing/,
    'a.b.c': /more than two parts.*double quotes/,
    'shop.Orders': /upper-case letters.*"Orders".*single quotes/,
    '"Orders': /not closed/,
    'orders"': /not closed/,
    '"shop"orders': /around the whole name/,
    'a","b': /around the whole name/,
    '""': /nothing between/,
    'shop.order%': /% stands for nothing here: \*/,
    'shop.orders?': /\? stands for nothing here/,
    '^orders$': /\^ stands for nothing here/,
    'my orders': /stands for nothing here/,
  }
  for (const [pattern, expected] of Object.entries(cases)) {
    test(`${pattern || 'nothing'}: ${expected.source}`, () => {
      assert.throws(
        () => parseTablePattern(pattern),
        (error) => error instanceof RangeError && expected.test(error.message),
      )
    })
  }
})

test('a pattern knows the schemas it can match, and whether it takes all of them', () => {
  const facts = (text: string): unknown[] => {
    const { matchesSchema, isOfWholeSchemas } = parseTablePattern(text)
    return [matchesSchema('public'), matchesSchema('shop'), isOfWholeSchemas]
  }
  assert.deepEqual(facts('orders'), [true, false, false])
  assert.deepEqual(facts('s*.orders'), [false, true, false])
  assert.deepEqual(facts('shop.*'), [false, true, true])
  assert.deepEqual(facts('shop.**'), [false, true, true])
  assert.deepEqual(facts('*.*'), [true, true, true])
})

test('a list is split at commas and blanks, but not within double quotes', () => {
  assert.deepEqual(splitPatterns('a, b.c\n  d.*,"My, Schema"."a ""b"" c",,e'), [
    ...['a', 'b.c', 'd.*', '"My, Schema"."a ""b"" c"', 'e'],
  ])
  assert.deepEqual(splitPatterns(' , '), [])
  assert.deepEqual(
    splitPatterns('a "b c'),
    ['a', '"b', 'c'],
    'a quote that is not closed is for the parser to refuse',
  )
})

test('stars match what a regular expression would, and many of them take no time', () => {
  const texts = (length: number, letters: readonly string[]): string[] =>
    length === 0
      ? ['']
      : ['', ...texts(length - 1, letters).flatMap((rest) => letters.map((letter) => letter + rest))]
  const names = texts(4, ['a', 'b'])
  for (const pattern of texts(4, ['a', 'b', '*']).filter((text) => text !== '')) {
    const { matches } = parseTablePattern(pattern)
    const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`)
    for (const name of names) {
      assert.equal(matches('public', name), expected.test(name), `${pattern} and ${name}`)
    }
  }
  const startedAt = performance.now()
  assert.equal(parseTablePattern(`${'*a'.repeat(30)}*b`).matches('public', 'a'.repeat(63)), false)
  assert.ok(performance.now() - startedAt < 1_000)
})
