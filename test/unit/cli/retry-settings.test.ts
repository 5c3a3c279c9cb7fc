import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryPolicy } from '../../../src/cli/retry-settings.ts'
import type { RetrySettings } from '../../../src/cli/retry-settings.ts'

const nothing: RetrySettings = {
  expInitialInterval: undefined,
  expMaxInterval: undefined,
  expMaxRetries: undefined,
  constantInterval: undefined,
  constantMaxRetries: undefined,
}

test('without any of the settings there is no policy, and 0 counts as not set', () => {
  assert.equal(retryPolicy(nothing), undefined)
  assert.equal(retryPolicy({ ...nothing, constantInterval: 0, expMaxRetries: 0 }), undefined)
})

for (const [what, settings, policy] of [
  ['a constant pause', { constantInterval: 2_000 }, { firstMs: 2_000, mostMs: 2_000, retries: Infinity }],
  ['a number of attempts alone', { constantMaxRetries: 3 }, { firstMs: 100, mostMs: 100, retries: 3 }],
  [
    'pauses that grow',
    { expInitialInterval: 1_000, expMaxInterval: 60_000, expMaxRetries: 60 },
    { firstMs: 1_000, mostMs: 60_000, retries: 60 },
  ],
  ['a first pause alone', { expInitialInterval: 500 }, { firstMs: 500, mostMs: 60_000, retries: Infinity }],
  [
    'a first pause longer than the longest',
    { expInitialInterval: 5_000, expMaxInterval: 1_000 },
    { firstMs: 5_000, mostMs: 5_000, retries: Infinity },
  ],
  [
    'both: the constant one',
    { constantInterval: 1, expInitialInterval: 9, expMaxRetries: 9 },
    { firstMs: 1, mostMs: 1, retries: Infinity },
  ],
] as const) {
  test(`${what} is what was set`, () => assert.deepEqual(retryPolicy({ ...nothing, ...settings }), policy))
}
