import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeValue, valueKindOf } from '../../../src/postgres/value-decoder.ts'
import type { Value } from '../../../src/wal/value.ts'

const oids = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  float4: 700,
  float8: 701,
  numeric: 1700,
}

/** Decodes a text that stands in the middle of other bytes, as values of a row do. */
function decode(typeOid: number, printed: string): Value {
  const bytes = Buffer.from(`7${printed}7`)
  return decodeValue(valueKindOf(typeOid), bytes, 1, bytes.length - 1)
}

const same = (typeOid: number, printed: string, expected: Value): void => {
  const value = decode(typeOid, printed)
  assert.ok(Object.is(value, expected), `${printed} became ${typeof value} ${String(value)}`)
}

test('booleans are booleans', () => {
  same(oids.bool, 't', true)
  same(oids.bool, 'f', false)
})

test('integers are numbers, to the ends of their ranges', () => {
  for (const n of [0, 1, -1, 32_767, -32_768]) same(oids.int2, String(n), n)
  for (const n of [2_147_483_647, -2_147_483_648]) same(oids.int4, String(n), n)
  same(oids.oid, '4294967295', 4_294_967_295)
})

test('int8 is a bigint with every digit', () => {
  for (const n of [
    0n,
    -1n,
    999_999_999_999_999n,
    -999_999_999_999_999n,
    1_000_000_000_000_000n,
    9_007_199_254_740_993n,
    -9_007_199_254_740_993n,
    9_223_372_036_854_775_807n,
    -9_223_372_036_854_775_808n,
  ]) {
    same(oids.int8, String(n), n)
  }
})

test('floats are the numbers that Postgres printed, minus zero, NaN and infinities too', () => {
  for (const type of [oids.float4, oids.float8]) {
    same(type, '-0', -0)
    same(type, '0', 0)
    same(type, 'NaN', NaN)
    same(type, 'Infinity', Infinity)
    same(type, '-Infinity', -Infinity)
    same(type, '1e+20', 1e20)
    same(type, '-1.5', -1.5)
    same(type, '0.1', 0.1)
  }
  same(oids.float4, '1.17549435e-38', 1.17549435e-38)
  same(oids.float8, '1.7976931348623157e+308', Number.MAX_VALUE)
  same(oids.float8, '5e-324', Number.MIN_VALUE)
  same(oids.float8, '123456789012345680', 123_456_789_012_345_680)
})

test('every double survives being printed and decoded', () => {
  const view = new DataView(new ArrayBuffer(8))
  for (let i = 0; i < 5_000; i++) {
    view.setUint32(0, Math.floor(Math.random() * 2 ** 32))
    view.setUint32(4, Math.floor(Math.random() * 2 ** 32))
    const value = view.getFloat64(0)
    if (!Number.isNaN(value)) same(oids.float8, String(value), value)
  }
})

test('bytea is a Buffer of its own', () => {
  const empty = decode(oids.bytea, '\\x')
  assert.ok(Buffer.isBuffer(empty) && empty.length === 0)
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  assert.deepEqual(decode(oids.bytea, `\\x${all.toString('hex')}`), all)
})

test('everything else is its text, byte for byte', () => {
  for (const printed of ['', ' ', 'Zoë', '\u{1f600}', '{"a": 1}', '{1,NULL,"b c"}', '1.50', 'NaN']) {
    same(oids.text, printed, printed)
    same(99_999, printed, printed)
  }
})

test('numeric is its text with every digit', () => {
  const digits = '1234567890123456789012345678901234567890.1234567890123456789'
  for (const printed of ['0', '1.50', `-${digits}`, 'NaN', 'Infinity', '-Infinity']) {
    same(oids.numeric, printed, printed)
  }
})

test('what no value of a type is printed as is a protocol error that does not repeat it', () => {
  const garbage: Readonly<Record<string, readonly string[]>> = {
    bool: ['', 'x', 'tt'],
    int4: ['', '-', '1x', '1 2', 'secret'],
    int8: ['', '-', '1x', '1.5', '12345678901234567890x'],
    float8: ['', 'x', '1e', '--1'],
    numeric: ['', '1.', '.5', '1e5', '+1', 'nan', '1.5.2'],
    bytea: ['', '\\x1', '\\x0g', '0011'],
  }
  for (const [type, texts] of Object.entries(garbage)) {
    for (const printed of texts) {
      assert.throws(
        () => decode(oids[type as keyof typeof oids], printed),
        (error: Error & { code?: string }) =>
          error.code === 'PGSTREAM_PROTOCOL' && !error.message.includes('secret'),
        `${type} ${printed}`,
      )
    }
  }
})
