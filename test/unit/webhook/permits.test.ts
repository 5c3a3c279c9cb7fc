import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Permits } from '../../../src/webhook/permits.ts'
import type { Pace } from '../../../src/webhook/permits.ts'
import { Share } from '../../../src/webhook/share.ts'

/** An endpoint with what it has under way. */
function endpointOf(permits: Permits) {
  const share = new Share(permits)
  const underWay: Pace[] = []
  return {
    underWay,
    want: (requests: number): void => {
      for (let i = 0; i < requests; i++) share.take((pace) => underWay.push(pace))
    },
    over: (ms: number, isAnswered = true): void => share.end(underWay.shift()!, ms, isAnswered),
  }
}

test('an endpoint that is not known to answer has one request under way, and more once it does', () => {
  const one = endpointOf(new Permits(100))
  one.want(5)
  assert.deepEqual(one.underWay, ['slow'])
  one.over(10)
  assert.deepEqual(one.underWay, Array(4).fill('quick'))
  one.over(10_000, false)
  one.want(3)
  assert.equal(one.underWay.length, 3, 'those that were under way, and no other')
  for (let i = 0; i < 3; i++) one.over(10_000, false)
  assert.deepEqual(one.underWay, ['slow'], 'one tries whether it answers again')
  one.over(5_000)
  assert.deepEqual(one.underWay, ['slow', 'slow'], 'it answers, slowly')
})

test('however many endpoints are slow, half of the permits are for those that are quick; and quick ones leave the slow their half', () => {
  const permits = new Permits(10)
  const silent = Array.from({ length: 50 }, () => endpointOf(permits))
  const quick = endpointOf(permits)
  quick.want(1)
  quick.over(1)
  for (const each of silent) each.want(10)
  const silentUnderWay = (): number => silent.reduce((sum, { underWay }) => sum + underWay.length, 0)
  assert.equal(silentUnderWay(), 5)
  quick.want(20)
  assert.equal(quick.underWay.length, 5)
  for (let i = 0; i < 15; i++) quick.over(1)
  assert.equal(quick.underWay.length, 5)
  assert.equal(silentUnderWay(), 5)
  silent[0]!.over(10_000, false)
  assert.equal(silent[5]!.underWay.length, 1, 'whoever came first is next')
  assert.equal(silentUnderWay(), 5)
})
