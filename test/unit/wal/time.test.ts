import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatTime } from '../../../src/wal/time.ts'

const known: readonly (readonly [micros: number, text: string])[] = [
  [0, '1970-01-01 00:00:00+00'],
  [1, '1970-01-01 00:00:00.000001+00'],
  [100_000, '1970-01-01 00:00:00.1+00'],
  [120_300, '1970-01-01 00:00:00.1203+00'],
  [999_999, '1970-01-01 00:00:00.999999+00'],
  [1_000_000, '1970-01-01 00:00:01+00'],
  [946_684_800_000_000, '2000-01-01 00:00:00+00'],
  [951_782_400_500_000, '2000-02-29 00:00:00.5+00'],
  [1_795_334_358_719_648, '2026-11-22 07:59:18.719648+00'],
  [1_795_334_358_719_640, '2026-11-22 07:59:18.71964+00'],
  [Number.MAX_SAFE_INTEGER, '2255-06-05 23:47:34.740991+00'],
]

test('a time is printed as Postgres does in UTC: microseconds, without trailing zeros', () => {
  for (const [micros, text] of known) assert.equal(formatTime(micros), text)
})

test('times in any order and repeated are printed right', () => {
  for (const [micros, text] of [...known, ...known.toReversed(), ...known.flatMap((each) => [each, each])]) {
    assert.equal(formatTime(micros), text)
  }
})
