import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CopyLines } from '../../../src/postgres/backfill/copy-lines.ts'
import { TupleDecoder } from '../../../src/postgres/tuple-decoder.ts'
import { valueKindOf } from '../../../src/postgres/value-decoder.ts'
import { mostOfSlab } from '../../../src/wal/slab.ts'
import type { Row, Value } from '../../../src/wal/value.ts'

const int4 = valueKindOf(23)
const int8 = valueKindOf(20)
const text = valueKindOf(25)
const bool = valueKindOf(16)
const bytea = valueKindOf(17)
const numeric = valueKindOf(1700)
const float8 = valueKindOf(701)

function linesOf(...texts: readonly string[]): CopyLines {
  const lines = new CopyLines()
  for (const line of texts) lines.add(Buffer.from(`${line}\n`))
  return lines
}

const valuesOf = (lines: CopyLines, kinds: Parameters<CopyLines['last']>[0]): Value[][] =>
  [...lines].map((line) => line.values(kinds))

/** The same by way of what pgoutput would have sent. */
const tuplesOf = (lines: CopyLines, kinds: Parameters<CopyLines['last']>[0]): (Row | null)[] =>
  [...lines].map((line) => {
    const tuple = line.tuple(kinds.length)
    return tuple && new TupleDecoder().row(kinds, tuple, 0)
  })

test('rows of COPY become the values that the stream has', () => {
  const lines = linesOf(
    '1\t9007199254740993\tZoë\tt\t1.50\t-0',
    '-2\t-3\t\tf\tNaN\tInfinity',
    '\\N\t\\N\t\\N\t\\N\t\\N\t\\N',
  )
  assert.deepEqual(valuesOf(lines, [int4, int8, text, bool, numeric, float8]), [
    [1, 9007199254740993n, 'Zoë', true, '1.50', -0],
    [-2, -3n, '', false, 'NaN', Infinity],
    [null, null, null, null, null, null],
  ])
  assert.equal(lines.rows, 3)
})

test('what COPY escapes is what it was', () => {
  const lines = linesOf(String.raw`a\tb\nc\\d\re\bf\fg\vh	\\x00ff	\\N`)
  assert.deepEqual(valuesOf(lines, [text, bytea, text]), [
    ['a\tb\nc\\d\re\bf\fg\vh', Buffer.from([0, 255]), '\\N'],
  ])
})

test('a long line, the last row and a table without columns are read, too', () => {
  const long = 'ü'.repeat(40_000)
  const lines = linesOf(`1\t${long}`, '2\tlast')
  assert.deepEqual(valuesOf(lines, [int4, text])[0], [1, long])
  assert.deepEqual(lines.last([int4, text]), [2, 'last'])
  assert.deepEqual(linesOf('only').last([text]), ['only'])
  assert.equal(new CopyLines().last([text]), undefined)
  assert.deepEqual(valuesOf(linesOf('', ''), []), [[], []])
  assert.deepEqual(valuesOf(linesOf(''), [text]), [['']])
  assert.deepEqual(linesOf('', '').last([text]), [''])
})

test('a row of another number of columns, and a value of another type, are refused', () => {
  for (const [line, kinds] of [
    ['1', [int4, int4]],
    ['1\t2', [int4]],
    ['1\t2\t\\N', [int4, int4]],
    ['\\N', [int4, int4]],
    ['x', [int4]],
    ['', [int8]],
    ['1.5', [int8]],
    ['true', [bool]],
    ['1e5', [numeric]],
  ] as const) {
    assert.throws(() => valuesOf(linesOf(line), kinds), { code: 'PGSTREAM_PROTOCOL' }, line)
    assert.throws(() => tuplesOf(linesOf(line), kinds), { code: 'PGSTREAM_PROTOCOL' }, line)
  }
})

test('a row is the same as the tuple that pgoutput would have sent; a long one is none', () => {
  const kinds = [int4, text, bytea, text]
  const lines = linesOf(
    String.raw`1	a\tb\nc\\d\re\bf\fg\vh	\\x00ff	\\N`,
    String.raw`\N	\N	\N	\N`,
    '-5\t\t\\\\x\t',
    '0\tZoë \u{1f600} \u2028\t\\N\t\\\\\\\\',
  )
  assert.deepEqual(tuplesOf(lines, kinds), valuesOf(lines, kinds))
  assert.deepEqual(tuplesOf(linesOf('', ''), []), [[], []])
  assert.deepEqual(tuplesOf(linesOf('x'.repeat(mostOfSlab)), [text]), [null])
})

test('memory that is given back is that of the next rows, and what was made of the first ones stays', () => {
  const first = linesOf('1\tone', '2\ttwo')
  const made = [valuesOf(first, [int4, text]), [...first].map((line) => line.tuple(2)!.toString('latin1'))]
  const before = structuredClone(made)
  first.giveBack()
  const next = linesOf('8\teight', '9\tnine')
  assert.deepEqual(made, before)
  assert.deepEqual(valuesOf(next, [int4, text]), [
    [8, 'eight'],
    [9, 'nine'],
  ])
  assert.deepEqual(valuesOf(first, [int4, text]), [])
})
