import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lost, readBaseline } from '../../bench/baseline.ts'
import { scenarios } from '../../bench/scenarios/all.ts'

const told = (ratio: number, before: number): string[] =>
  lost([{ scenario: 'stdout', ratio }], { stdout: before })

test('a ratio that fell by more than 15 % is told, with both', () => {
  assert.deepEqual(told(0.84, 1), ['stdout: ratio 0.84, 16 % less than 1.00'])
  assert.deepEqual(told(0.4, 0.8), ['stdout: ratio 0.40, 50 % less than 0.80'])
})

test('one that fell by less, or rose, is not', () => {
  for (const ratio of [0.851, 1, 1.7]) assert.deepEqual(told(ratio, 1), [])
})

test('each is compared with its own', () => {
  const results = [
    { scenario: 'stdout', ratio: 1.1 },
    { scenario: 'Kafka', ratio: 0.4 },
  ]
  assert.deepEqual(lost(results, { stdout: 1.2, Kafka: 0.6 }), ['Kafka: ratio 0.40, 33 % less than 0.60'])
})

test('a scenario that nothing is known of is not passed over', () => {
  assert.match(lost([{ scenario: 'new', ratio: 2 }], {}).join(), /^new: not in baseline.json/)
})

test('what is promised as a ratio is guarded, and nothing that is not measured any more', async () => {
  const baseline = await readBaseline()
  const names = new Set(scenarios.map(({ name }) => name))
  for (const [name, ratio] of Object.entries(baseline)) assert.ok(names.has(name) && ratio > 0, name)
  for (const { name, atLeast } of scenarios) assert.ok(atLeast === undefined || name in baseline, name)
})
