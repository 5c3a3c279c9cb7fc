/** What a program that does nothing else would do: sends the requests of BENCH_BODIES, BENCH_AT_ONCE at a time, by the client itself. */
import { readFileSync, writeFileSync } from 'node:fs'
import { Client } from '@opensearch-project/opensearch'

const { BENCH_STORE, BENCH_BODIES, BENCH_AT_ONCE, BENCH_REPORT } = process.env
const recorded = readFileSync(BENCH_BODIES)
const bodies = []
for (let at = 0; at < recorded.length;) {
  const end = at + 4 + recorded.readUInt32LE(at)
  bodies.push(recorded.subarray(at + 4, end))
  at = end
}
const conflict = 'version_conflict_engine_exception'
const client = new Client({ node: BENCH_STORE })
let next = 0
async function send() {
  while (next < bodies.length) {
    const body = bodies[next++]
    // of what is done nothing is told
    const filter = 'errors,items.*.error.type,items.*.error.reason'
    const { body: answer } = await client.bulk({ body, require_alias: true, filter_path: filter })
    if (answer.errors) examine(answer.items)
  }
}

/** A version that is not newer is refused where a request overtook another. */
function examine(items) {
  const [other] = items.flatMap(Object.values).filter(({ error }) => error?.type !== conflict)
  if (other) throw new Error(JSON.stringify(other))
}

const [begun, cpu] = [performance.now(), process.cpuUsage()]
await Promise.all(Array.from({ length: Number(BENCH_AT_ONCE) }, send))
const { user, system } = process.cpuUsage(cpu)
writeFileSync(
  BENCH_REPORT,
  JSON.stringify({
    seconds: (performance.now() - begun) / 1000,
    cpuMicros: user + system,
    peakRss: process.resourceUsage().maxRSS * 1024,
  }),
)
await client.close()
