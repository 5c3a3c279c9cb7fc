import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataRows } from '../../../src/postgres/backfill/data-rows.ts'
import { DataRowDecoder } from '../../../src/postgres/data-row-decoder.ts'
import { valueKindOf } from '../../../src/postgres/value-decoder.ts'
import { largeBytes } from '../../../src/wal/allocate.ts'
import { LargeText } from '../../../src/wal/large-text.ts'
import { printedText } from '../../../src/wal/printed-value.ts'
import type { Row } from '../../../src/wal/value.ts'
import type { ValueKind } from '../../../src/wal/value-kind.ts'
import { dataRow } from '../../support/data-row.ts'

const int4 = valueKindOf(23)
const int8 = valueKindOf(20)
const text = valueKindOf(25)
const bool = valueKindOf(16)
const bytea = valueKindOf(17)
const numeric = valueKindOf(1700)
const float8 = valueKindOf(701)

/** Two by the same read of the socket, the next two by another. */
function rowsOf(...frames: readonly Buffer[]): DataRows {
  const rows = new DataRows()
  for (let i = 0; i < frames.length; i += 2) {
    const chunk = Buffer.concat(frames.slice(i, i + 2))
    let at = 0
    for (const { length } of frames.slice(i, i + 2)) rows.add(chunk, at, (at += length))
  }
  return rows
}

const decoder = new DataRowDecoder()
const valuesOf = (kinds: readonly ValueKind[], ...frames: readonly Buffer[]): Row[] =>
  [...rowsOf(...frames)].map((row) => decoder.row(kinds, row, 0))

test('rows of a query become the values that the stream has', () => {
  const frames = [
    dataRow('1', '9007199254740993', 'Zoë', 't', '1.50', '-0'),
    dataRow('-2', '-3', '', 'f', 'NaN', 'Infinity'),
    dataRow(null, null, null, null, null, null),
  ]
  assert.deepEqual(valuesOf([int4, int8, text, bool, numeric, float8], ...frames), [
    [1, 9007199254740993n, 'Zoë', true, '1.50', -0],
    [-2, -3n, '', false, 'NaN', Infinity],
    [null, null, null, null, null, null],
  ])
})

test('nothing in a value is taken for its end', () => {
  const odd = 'a\tb\nc\\d\re\0\\N \u{1f600} \u2028 ÿ'
  assert.deepEqual(valuesOf([text, bytea, text], dataRow(odd, '\\x00ff', '\\N')), [
    [odd, Buffer.from([0, 255]), '\\N'],
  ])
})

test('rows are counted, the last one is known, and a table may have no columns', () => {
  const frames = Array.from({ length: 5 }, (_, i) => dataRow(String(i), i === 2 ? 'ü'.repeat(40_000) : null))
  const rows = rowsOf(...frames)
  assert.equal(rows.count, 5)
  assert.equal(
    rows.bytes,
    frames.reduce((sum, frame) => sum + frame.length, 0),
  )
  assert.deepEqual(
    [...rows].map((row) => [printedText(row, 0, 0), printedText(row, 0, 1)?.length]),
    [0, 1, 2, 3, 4].map((i) => [String(i), i === 2 ? 40_000 : undefined]),
  )
  assert.deepEqual(rows.last, [...rows].at(-1))
  assert.equal(new DataRows().last, undefined)
  assert.deepEqual(valuesOf([], dataRow(), dataRow()), [[], []])
})

test('what is large can be read more than once', () => {
  const row = [...rowsOf(dataRow('x'.repeat(largeBytes), `\\x${'00ff'.repeat(100_000)}`, '\\x0a'))][0]!
  const kinds = [text, bytea, bytea]
  const first = decoder.row(kinds, row, 0)
  assert.ok(first[0] instanceof LargeText)
  assert.deepEqual(decoder.row(kinds, row, 0), first)
  assert.deepEqual(first.slice(1), [Buffer.from('00ff'.repeat(100_000), 'hex'), Buffer.from([10])])
})

test('a row of another number of columns, one that is cut, and a value of another type are refused', () => {
  for (const [frame, kinds] of [
    [dataRow('1'), [int4, int4]],
    [dataRow('1', '2'), [int4]],
    [dataRow('1', 'two').subarray(0, -1), [int4, text]],
    [dataRow('x'), [int4]],
    [dataRow(''), [int8]],
    [dataRow('1.5'), [int8]],
    [dataRow('true'), [bool]],
    [dataRow('1e5'), [numeric]],
  ] as const) {
    assert.throws(() => decoder.row(kinds, frame.subarray(5), 0), { code: 'PGSTREAM_PROTOCOL' })
  }
})
