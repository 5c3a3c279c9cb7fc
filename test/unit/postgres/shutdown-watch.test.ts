import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ShutdownWatch } from '../../../src/postgres/shutdown-watch.ts'
import { lsn } from '../../../src/wal/lsn.ts'

interface Seen {
  readonly confirmed: number
  readonly pending: boolean
}

/** The seconds at which the server was asked; it shuts down from `endsAt` on. */
async function watch(
  seconds: number,
  seen: (second: number) => Seen,
  endsAt = Infinity,
): Promise<{ asked: number[]; heard: number[] }> {
  const asked: number[] = []
  const heard: number[] = []
  let now = 0
  const shutdownWatch = new ShutdownWatch({
    ask: async () => {
      asked.push(now)
      return Promise.resolve(now >= endsAt)
    },
    onShutdown: () => void heard.push(now),
  })
  for (; now < seconds; now++) {
    const { confirmed, pending } = seen(now)
    shutdownWatch.look({ at: now * 1_000, confirmed: lsn(BigInt(confirmed)), pending })
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { asked, heard }
}

test('nobody is asked as long as all is confirmed, or something is within five seconds', async () => {
  assert.deepEqual(await watch(60, () => ({ confirmed: 7, pending: false })), { asked: [], heard: [] })
  assert.deepEqual(await watch(60, (s) => ({ confirmed: Math.floor(s / 5), pending: true })), {
    asked: [],
    heard: [],
  })
})

test('a stream that stands still asks after five seconds and every five, until the server ends', async () => {
  const standingStill = (s: number): Seen => ({ confirmed: 7, pending: s >= 3 })
  assert.deepEqual(await watch(24, standingStill, 14), { asked: [7, 12, 17, 22], heard: [17, 22] })
})

test('a server that takes long to answer is not asked twice at once', async () => {
  let asked = 0
  const shutdownWatch = new ShutdownWatch({
    ask: async () => {
      asked++
      return new Promise(() => undefined)
    },
    onShutdown: () => assert.fail('nobody said so'),
  })
  for (let s = 0; s < 60; s++) shutdownWatch.look({ at: s * 1_000, confirmed: lsn(1n), pending: true })
  assert.equal(asked, 1)
})
