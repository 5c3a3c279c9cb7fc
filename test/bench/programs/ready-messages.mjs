/** Messages of a batch as large as the writer's, and what a program that sends them reports, as probe.mjs does. */
import { writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const dist = new URL('../../../dist/', import.meta.url)
const { formatLsn } = await import(new URL('wal/lsn.js', dist).href)

/** Of one row of the workload, with the metadata of the translator. */
const valueBytes = 1_450
const batch = 600
const key = Buffer.from('public')
const messages = Array.from({ length: batch }, (_, i) => ({
  partition: 0,
  key,
  value: Buffer.alloc(valueBytes, `{"n":${i}}`),
  headers: {
    'pgstream-lsn': formatLsn(0x1_2345_6789n),
    'pgstream-commit-lsn': formatLsn(0x1_2345_6789n),
    'pgstream-ordinal': String(i),
    'content-type': 'application/json',
  },
}))

/** Sends BENCH_ROWS of them by `send`, so many batches at once, the first one before the clock begins: a broker that is new has to find its bearings. */
export async function sendAll(send, atOnce) {
  for (let isNew = true; isNew;) {
    isNew = await send(messages.slice(0, 1)).then(
      () => false,
      () => pause(200, true),
    )
  }
  const begun = { at: performance.now(), cpu: process.cpuUsage() }
  let left = Number(process.env.BENCH_ROWS)
  const work = async () => {
    while (left > 0) {
      const count = Math.min(left, batch)
      left -= count
      await send(messages.slice(0, count))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const { user, system } = process.cpuUsage(begun.cpu)
  writeFileSync(
    process.env.BENCH_REPORT,
    JSON.stringify({
      seconds: (performance.now() - begun.at) / 1000,
      cpuMicros: user + system,
      peakRss: process.resourceUsage().maxRSS * 1024,
    }),
  )
}
