/** What `npm run bench` runs; README.md here says how to use it and what was found. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { lost, readBaseline, writeBaseline } from './baseline.ts'
import { measureBackfill } from './backfill/run.ts'
import { benchPostgres, stopServices } from './bench-services.ts'
import { measureLatency } from './latency/run.ts'
import { measure } from './measure.ts'
import { missed, table } from './report.ts'
import type { Result } from './report.ts'
import type { Scenario } from './scenario.ts'
import { scenarios } from './scenarios/all.ts'
import { refuse, usage } from './usage.ts'
import { workloads } from './workloads.ts'
import { writeWorkload } from './written.ts'

const { words, rows, runs, ...wanted } = usage(process.argv.slice(2))
if (wanted.profile !== undefined) process.env['BENCH_PROFILE'] = resolve(wanted.profile)
const isNamed = ({ name }: Scenario): boolean => name === words.join(' ')
const chosen = scenarios.some(isNamed)
  ? scenarios.filter(isNamed)
  : scenarios.filter(({ name }) => words.every((word) => name.includes(word)))
if (wanted.help) {
  const about = await readFile(new URL('README.md', import.meta.url), 'utf8')
  console.log(about.match(/^ {4}npm run bench.*$/gm)!.join('\n'))
} else if (words[0] === 'micro') {
  await import('./micro/run.ts')
} else if (words[0] === 'latency') {
  await measureLatency(words[1])
} else if (words[0] === 'backfill') {
  await measureBackfill(rows)
} else if (words[0] === 'idle') {
  await import('./idle/run.ts')
} else if (wanted.list || chosen.length === 0) {
  for (const { name, workload } of scenarios) console.log(`${name}: ${workloads[workload].about}`)
  if (!wanted.list) refuse(`No scenario has all of these words in its name: ${words.join(' ')}.`)
} else {
  process.exitCode = await bench().finally(stopServices)
}

async function bench(): Promise<number> {
  await using server = await benchPostgres({ shared_buffers: '512MB', max_wal_size: '16GB' })
  const results: Result[] = []
  for (const group of groups(chosen)) {
    const { workload, plugin } = group[0]!
    console.error(`writing: ${workloads[workload].about}`)
    await using written = await writeWorkload({
      serverUrl: server.url,
      plugin,
      workload,
      rows,
    })
    const measured = await measure(group, written, runs, (text) => console.error(text))
    // at once: a scenario that fails loses none before it
    for (const result of measured) console.log(JSON.stringify(result))
    results.push(...measured)
  }
  console.log(table(results))
  const worse = wanted.guard ? lost(results, await readBaseline()) : []
  for (const text of worse) console.error(text)
  if (wanted.baseline) await writeBaseline(results)
  const isMissed = wanted.strict && results.flatMap(missed).length > 0
  return isMissed || worse.length > 0 ? 1 : 0
}

/** Scenarios that read the same. */
function groups(of: readonly Scenario[]): Scenario[][] {
  const keyOf = ({ workload, plugin }: Scenario): string => `${workload} ${plugin}`
  return [...new Set(of.map(keyOf))].map((key) => of.filter((scenario) => keyOf(scenario) === key))
}
