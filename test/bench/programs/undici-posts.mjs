/**
 * What a program that does nothing else would do: posts the lines of BENCH_BODIES, as bodies of notifications with their
 * headers, to each of BENCH_URLS, so many at once to each. What is signed is not.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { Pool } from 'undici'

const { BENCH_BODIES, BENCH_URLS, BENCH_AT_ONCE, BENCH_REPORT } = process.env
const bodies = readFileSync(BENCH_BODIES, 'latin1')
  .trimEnd()
  .split('\n')
  .map((line) => Buffer.from(`{"Data":${line}}`, 'latin1'))

async function postAll(url) {
  const { origin, pathname: path } = new URL(url)
  const pool = new Pool(origin, { connections: Number(BENCH_AT_ONCE) })
  let next = 0
  async function work() {
    while (next < bodies.length) {
      const id = next++
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'pgstream/0.1.0',
        'webhook-id': `0/1DC4508-${id}`,
        'webhook-timestamp': '1795500000',
        'webhook-signature': 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
      }
      const { statusCode, body } = await pool.request({ path, method: 'POST', headers, body: bodies[id] })
      await body.dump()
      if (statusCode !== 204) throw new Error(`HTTP ${statusCode}`)
    }
  }
  await Promise.all(Array.from({ length: Number(BENCH_AT_ONCE) }, work))
  await pool.close()
}

const [begun, cpu] = [performance.now(), process.cpuUsage()]
await Promise.all(BENCH_URLS.split(' ').map(postAll))
const { user, system } = process.cpuUsage(cpu)
writeFileSync(
  BENCH_REPORT,
  JSON.stringify({
    seconds: (performance.now() - begun) / 1000,
    cpuMicros: user + system,
    peakRss: process.resourceUsage().maxRSS * 1024,
  }),
)
