import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parsers, ValueError } from '../../src/config/values.ts'
import type { ValueRules, ValueType } from '../../src/config/values.ts'

const read = (type: ValueType, text: string, rules: ValueRules = {}): unknown => parsers[type](text, rules)

function refuses(type: ValueType, text: string, expected: RegExp, rules?: ValueRules): void {
  assert.throws(
    () => read(type, text, rules),
    (error) => error instanceof ValueError && expected.test(error.message),
    `${type} ${text}`,
  )
}

describe('durations', () => {
  const accepted: [string, number][] = [
    ['0', 0],
    ['0s', 0],
    ['300ms', 300],
    ['1s', 1_000],
    ['1.5s', 1_500],
    ['.5s', 500],
    ['1.s', 1_000],
    ['1m', 60_000],
    ['1min', 60_000],
    ['1h2m', 3_720_000],
    ['1h2min3s4ms', 3_723_004],
    ['1000us', 1],
    ['1000µs', 1],
    ['1000μs', 1],
    ['1000000ns', 1],
    ['596h', 2_145_600_000],
  ]
  for (const [text, ms] of accepted) {
    test(`${text} is ${ms} ms`, () => assert.equal(read('duration', text), ms))
  }

  test('a bare number is refused with the units it may have meant', () => {
    refuses('duration', '5', /unit is missing, write 5ms, 5s or 5min/)
    refuses('duration', '1.5', /unit is missing/)
  })

  test('anything else is refused', () => {
    for (const text of ['-1s', '1 s', '1x', 's', '1s2', '1h-2m', 'abc', '1S', '1d', '1ss', '1m30']) {
      refuses('duration', text, /duration such as/)
    }
  })

  test('what a timer cannot wait for is refused', () => {
    refuses('duration', '597h', /at most 596h/)
    refuses('duration', '10us', /at least 1ms/)
  })
})

describe('sizes', () => {
  const accepted: [string, number][] = [
    ['1572864', 1_572_864],
    ['1B', 1],
    ['64KB', 64_000],
    ['64KiB', 65_536],
    ['100MiB', 104_857_600],
    ['100mib', 104_857_600],
    ['100 MiB', 104_857_600],
    ['1MB', 1_000_000],
    ['1.5GiB', 1_610_612_736],
    ['1GB', 1_000_000_000],
  ]
  for (const [text, bytes] of accepted) {
    test(`${text} is ${bytes} bytes`, () => assert.equal(read('size', text), bytes))
  }

  test('a unit that could mean 1000 or 1024 is refused with both', () => {
    refuses('size', '64k', /64KiB \(1024\) or 64KB \(1000\)/)
    refuses('size', '1M', /1MiB/)
  })

  test('nothing, less and more than can be counted are refused', () => {
    refuses('size', '0', /at least one byte/)
    refuses('size', '9999999999GiB', /counted in bytes/)
    for (const text of ['-1', '1TBx', 'MiB', '1,5MiB', '1e3', '0x10']) refuses('size', text, /size such as/)
  })
})

test('booleans are read in every form that the Go version takes, and as yes, no, on, off', () => {
  for (const text of ['1', 't', 'T', 'true', 'TRUE', 'True', 'yes', 'on']) {
    assert.equal(read('boolean', text), true, text)
  }
  for (const text of ['0', 'f', 'F', 'false', 'FALSE', 'False', 'no', 'off']) {
    assert.equal(read('boolean', text), false, text)
  }
  for (const text of ['2', 'ture', 'enabled', 'y']) refuses('boolean', text, /true or false/)
})

test('lists are cut at commas and blanks', () => {
  assert.deepEqual(read('list', 'a:1,b:2 c:3,  d:4,'), ['a:1', 'b:2', 'c:3', 'd:4'])
})

test('patterns of tables are cut like lists, not within double quotes, and each must be readable', () => {
  assert.deepEqual(read('tables', 'orders,shop.* "My, Schema"."a b"'), [
    'orders',
    'shop.*',
    '"My, Schema"."a b"',
  ])
  refuses('tables', 'orders, shop.', /^a list of tables: in shop\., a name is missing/)
  refuses('tables', 'Orders', /in Orders, a name with upper-case letters goes in double quotes: "Orders"/)
  refuses('tables', ',', /names none/)
})

test('numbers are whole and not below their least', () => {
  assert.equal(read('integer', '0'), 0)
  assert.equal(read('integer', '42', { min: 1 }), 42)
  refuses('integer', '0', /at least 1/, { min: 1 })
  for (const text of ['1.5', '-1', '1e3', '0x10', '9007199254740993', 'many']) {
    refuses('integer', text, /whole number/)
  }
})

test('a choice is found in any case and its alternatives are told', () => {
  const rules = { choices: ['info', 'warn'] }
  assert.equal(read('choice', 'WARN', rules), 'warn')
  refuses('choice', 'verbose', /one of info, warn/, rules)
})

test('a URL keeps its text and must have one of the schemes', () => {
  const rules = { schemes: ['postgres', 'postgresql'] }
  const url = 'Postgres://me:p#s@s@localhost?sslmode=disable'
  assert.equal(read('url', url, rules), url)
  for (const text of [
    'mysql://localhost',
    'localhost:5432',
    'host=localhost dbname=x',
    'postgres:localhost',
  ]) {
    refuses('url', text, /begins with postgres:\/\/ or postgresql:\/\//, rules)
  }
})
