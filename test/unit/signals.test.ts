import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stopSignals } from '../../src/cli/signals.ts'
import { eventually } from '../support/wait.ts'

function listen(deadlineMs: number): { heard: string[]; release: () => void } {
  const heard: string[] = []
  const release = stopSignals({
    deadlineMs,
    onFirst: (signal) => heard.push(`first ${signal}`),
    onSecond: (reason) => heard.push(`second ${reason}`),
  })
  return { heard, release }
}

const listeners = (): number => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')

test('the first signal stops in order, one in the same moment counts as the same, a later one stops at once', async () => {
  const before = listeners()
  const { heard } = listen(60_000)
  process.emit('SIGTERM', 'SIGTERM')
  process.emit('SIGINT', 'SIGINT')
  assert.deepEqual(heard, ['first SIGTERM'])
  await eventually(() => {
    process.emit('SIGINT', 'SIGINT')
    return heard.length === 2
  })
  assert.deepEqual(heard, ['first SIGTERM', 'second SIGINT'])
  assert.equal(listeners(), before, 'a third signal ends the process')
})

test('when the deadline passes after the first signal, it stops at once', async () => {
  const { heard } = listen(10)
  process.emit('SIGINT', 'SIGINT')
  await eventually(() => heard.length === 2)
  assert.deepEqual(heard, ['first SIGINT', 'second deadline'])
})

test('once released it listens no more', async () => {
  const before = listeners()
  const { heard, release } = listen(1)
  process.emit('SIGINT', 'SIGINT')
  release()
  assert.equal(listeners(), before)
  assert.deepEqual(heard, ['first SIGINT'])
})
