import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Watchdog } from '../../../src/postgres/watchdog.ts'

/** What it said at each second, with a patience of 9 s; `bytes` and `paused` may depend on the second. */
function watch(
  seconds: number,
  {
    bytes = () => 0,
    paused = () => false,
  }: { bytes?: (s: number) => number; paused?: (s: number) => boolean } = {},
): string {
  const watchdog = new Watchdog(9_000, 1_000)
  return Array.from({ length: seconds }, (_, s) =>
    watchdog.look({ at: s * 1_000, bytesRead: bytes(s), paused: paused(s) }).charAt(0),
  ).join('')
}

test('silence is asked about after a third of the patience, and is death when that goes unanswered for as long', () => {
  assert.equal(watch(13), 'fffaffffffffd')
})

test('any byte is a sign of life, also of a message that has not ended', () => {
  assert.equal(watch(40, { bytes: (s) => Math.floor(s / 8) }).includes('d'), false)
  assert.equal(watch(8, { bytes: (s) => s }), 'ffffffff')
})

test('an answer ends the doubt', () => {
  assert.equal(watch(12, { bytes: (s) => (s >= 5 ? 1 : 0) }), 'fffaffffafff')
})

test('nothing is judged while reading is paused, and the silence begins anew then', () => {
  assert.equal(watch(30, { paused: () => true }), 'f'.repeat(30))
  assert.equal(watch(24, { paused: (s) => s >= 2 && s <= 10 }), 'f'.repeat(13) + 'a' + 'f'.repeat(8) + 'dd')
})

test('a look that comes late judges nothing: what came meanwhile has not been read', () => {
  const watchdog = new Watchdog(9_000, 1_000)
  const look = (at: number): string => watchdog.look({ at, bytesRead: 0, paused: false })
  assert.deepEqual([0, 1_000, 2_000, 3_000].map(look), ['fine', 'fine', 'fine', 'ask'])
  assert.equal(look(60_000), 'fine')
  assert.equal(look(61_000), 'fine')
})
