import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mostOfSlab, Slabs } from '../../../src/wal/slab.ts'

/** Fills a slab, and gives it. */
function fill(slabs: Slabs): Buffer {
  const bytes = slabs.withRoom(mostOfSlab)
  while (slabs.used + mostOfSlab <= bytes.length) slabs.use(slabs.used + mostOfSlab)
  return bytes
}

test('memory that is given back is used again, and let go of beyond what is to be kept', () => {
  const slabs = new Slabs()
  const [first, second] = [fill(slabs), fill(slabs)]
  assert.notEqual(first, second)
  const third = fill(slabs)
  const giveBack = (): void => [first, second].forEach((bytes) => slabs.giveBack(bytes))
  giveBack()
  assert.deepEqual(new Set([fill(slabs), fill(slabs)]), new Set([first, second]))
  const fourth = fill(slabs)
  assert.ok(![first, second, third].includes(fourth), 'nothing was left')
  giveBack()
  slabs.trim(1)
  assert.equal(fill(slabs), first)
  assert.ok(![first, second, third, fourth].includes(fill(slabs)), 'one was to be kept')
})

test('what is written to is not given out anew, whoever gives it back', () => {
  const slabs = new Slabs()
  const bytes = slabs.withRoom(10)
  slabs.use(slabs.used + 10)
  slabs.giveBack(bytes)
  assert.equal(slabs.withRoom(10), bytes)
  assert.equal(slabs.used, 10)
  assert.notEqual(fill(slabs), fill(slabs))
})
