import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Latency } from '../../../src/telemetry/latency.ts'

test('percentiles are right within a tenth, whatever the durations', () => {
  for (const spread of [1, 3, 6]) {
    const latency = new Latency(() => 0)
    const durations = Array.from({ length: 10_000 }, (_, index) => 2 * (10 ** spread) ** (index / 10_000))
    for (const duration of durations) latency.add(duration)
    const { count, p50, p95, p99, max } = latency.percentiles()!
    assert.equal(count, durations.length)
    assert.equal(max, durations.at(-1))
    for (const [share, told] of [
      [0.5, p50],
      [0.95, p95],
      [0.99, p99],
    ] as const) {
      const exact = durations[Math.ceil(durations.length * share) - 1]!
      assert.ok(Math.abs(told - exact) <= exact / 10, `${share}: ${told} instead of ${exact}`)
    }
  }
})

test('no percentile is above the longest duration, and none is below zero', () => {
  const latency = new Latency(() => 0)
  assert.equal(latency.percentiles(), null)
  latency.add(-5)
  assert.deepEqual(latency.percentiles(), { count: 1, p50: 0, p95: 0, p99: 0, max: 0 })
  latency.add(1e12)
  assert.equal(latency.percentiles()!.max, 1e12)
})

test('what is older than a minute is forgotten', () => {
  let now = 0
  const latency = new Latency(() => now)
  latency.add(5_000)
  now = 30_000
  latency.add(10)
  now = 59_999
  assert.equal(latency.percentiles()!.count, 2)
  now = 60_000
  assert.deepEqual(latency.percentiles()!.max, 10)
  now = 1_000_000
  assert.equal(latency.percentiles(), null)
})
