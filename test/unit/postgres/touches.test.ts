import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChunkWindow } from '../../../src/postgres/backfill/chunk-window.ts'
import { asOld, asWhole, Touches, withHole } from '../../../src/postgres/backfill/touches.ts'
import { lsn } from '../../../src/wal/lsn.ts'

test('each window knows what was touched since it was opened, and nothing before', () => {
  const touches = new Touches()
  const [first, second, third] = [1, 2, 3].map(() => new ChunkWindow(touches))
  touches.note('a', asWhole)
  assert.equal(first!.touch('a'), 0, 'it is not open yet')
  first!.open(lsn(1n))
  assert.equal(first!.isTouched, false)
  touches.note('a', asOld)
  second!.open(lsn(2n))
  touches.note('a', withHole)
  touches.note('b', asWhole)
  third!.open(lsn(3n))
  assert.deepEqual(
    [first, second, third].map((window) => [window!.touch('a'), window!.touch('b'), window!.isTouched]),
    [
      [asOld | withHole, asWhole, true],
      [withHole, asWhole, true],
      [0, 0, false],
    ],
  )
  first!.open(lsn(9n))
  assert.equal(first!.low, lsn(1n), 'the first one counts')
  assert.equal(first!.touch('a'), asOld | withHole)
})

test('what no window asks for is forgotten, what one asks for is not', () => {
  const touches = new Touches()
  const window = new ChunkWindow(touches)
  touches.note('early', asOld)
  touches.note('both', asOld)
  window.open(lsn(1n))
  touches.note('both', asWhole)
  touches.forget(window.since)
  assert.deepEqual([touches.of('early', 0), touches.of('both', 0)], [0, asOld | asWhole])
  window.spoil('altered')
  touches.forget(window.since)
  assert.equal(touches.of('both', 0), 0)
})

test('sixteen megabytes of them are too many', () => {
  const touches = new Touches()
  let count = 0
  while (!touches.areTooMany) touches.note(`${'x'.repeat(100)}${count++}`, asWhole)
  assert.ok(count > 30_000 && count < 60_000, `${count} rows`)
  touches.clear()
  assert.equal(touches.areTooMany, false)
})
