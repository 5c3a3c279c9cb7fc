import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackOff } from '../../../src/pipeline/back-off.ts'

const pauses = (backOff: BackOff, count: number): number[] =>
  Array.from({ length: count }, () => backOff.next())

test('the pause doubles up to the longest, and begins anew after a success', () => {
  const backOff = new BackOff({ firstMs: 100, mostMs: 1_000, random: () => 0.5 })
  assert.deepEqual(pauses(backOff, 6), [100, 200, 400, 800, 1_000, 1_000])
  backOff.succeeded()
  assert.deepEqual(pauses(backOff, 2), [100, 200])
})

test('two that were cut off together come back a fifth apart from the plan at most', () => {
  const soonest = new BackOff({ firstMs: 100, mostMs: 1_000, random: () => 0 })
  const latest = new BackOff({ firstMs: 100, mostMs: 1_000, random: () => 1 })
  assert.deepEqual([soonest.next(), latest.next()], [80, 120])
})

test('it stays at the longest pause for ever', () => {
  const backOff = new BackOff({ firstMs: 100, mostMs: 1_000, random: () => 0.5 })
  assert.equal(pauses(backOff, 5_000).at(-1), 1_000)
})
