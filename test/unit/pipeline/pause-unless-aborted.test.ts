import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { pauseUnlessAborted } from '../../../src/pipeline/pause-unless-aborted.ts'

test('a pause is over when its time is', async () => {
  const startedAt = performance.now()
  await pauseUnlessAborted(20, new AbortController().signal)
  assert.ok(performance.now() - startedAt > 15)
})

test('a hundred pauses at once end together with the reason, and warn of nothing', async () => {
  const warned: Error[] = []
  const hear = (warning: Error): unknown => warned.push(warning)
  process.on('warning', hear)
  const abort = new AbortController()
  const pauses = Array.from({ length: 100 }, async () => pauseUnlessAborted(60_000, abort.signal))
  const reason = new Error('it ends')
  abort.abort(reason)
  const results = await Promise.allSettled(pauses)
  assert.ok(results.every((result) => result.status === 'rejected' && result.reason === reason))
  // Node emits its own warnings in a later tick, in order
  const told = once(process, 'warning')
  process.emitWarning('the last one')
  await told
  process.off('warning', hear)
  assert.deepEqual(
    warned.map(({ message }) => message),
    ['the last one'],
  )
})
