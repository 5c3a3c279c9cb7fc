import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatLsn, lsn, noLsn, parseLsn } from '../../../src/wal/lsn.ts'

const known: readonly (readonly [text: string, value: bigint])[] = [
  ['0/0', 0n],
  ['0/1', 1n],
  ['0/15722D0', 0x15722d0n],
  ['0/FFFFFFFF', 0xffff_ffffn],
  ['1/0', 0x1_0000_0000n],
  ['A/B0', 0xa_0000_00b0n],
  ['16/B374D848', 0x16_b374_d848n],
  ['FFFFFFFF/FFFFFFFF', 0xffff_ffff_ffff_ffffn],
]

test('an LSN is written as Postgres writes it, and read back', () => {
  for (const [text, value] of known) {
    assert.equal(formatLsn(lsn(value)), text)
    assert.equal(parseLsn(text), value)
  }
})

test('what is written does not depend on what was written before', () => {
  const again = [...known, ...known.toReversed(), ...known.flatMap((one) => [one, known[0]!, one, known[3]!])]
  for (const [text, value] of again) assert.equal(formatLsn(lsn(value)), text)
})

test('lower case and padding are read, too', () => {
  assert.equal(parseLsn('0/15722d0'), 0x15722d0n)
  assert.equal(parseLsn('00000016/0000d848'), 0x16_0000_d848n)
})

test('what is not an LSN is refused, with the text', () => {
  for (const text of [
    '',
    '/',
    '0',
    '0/',
    '/0',
    '0/0/0',
    '0/G',
    ' 0/0',
    '0/0\n',
    '123456789/0',
    '0/123456789',
    '-1/0',
  ]) {
    assert.throws(() => parseLsn(text), {
      name: 'RangeError',
      message: `not an LSN: ${JSON.stringify(text)}`,
    })
  }
})

test('LSNs are ordered as numbers, not as text', () => {
  assert.ok(parseLsn('0/16') > parseLsn('0/9'))
  assert.ok(parseLsn('10/0') > parseLsn('9/FFFFFFFF'))
  assert.ok(parseLsn('0/0') === noLsn)
})
