import type { Measured } from '../measured.ts'
import { postgres } from '../limits/recvlogical.ts'
import { command, nullSink, runOurs } from '../our-process.ts'
import type { Scenario } from '../scenario.ts'
import { source } from '../source-settings.ts'
import type { Written } from '../written.ts'

async function intoNothing(written: Written): Promise<Measured> {
  await using slot = await written.slot()
  const { until, rows, url } = written
  return await runOurs({ program: nullSink, env: { BENCH_URL: url, BENCH_SLOT: slot.name }, until, rows })
}

async function intoStdout(written: Written): Promise<Measured> {
  await using slot = await written.slot()
  const { until, rows } = written
  const env = source(written, slot.name)
  return await runOurs({ program: command, args: ['run', '--stdout'], env, until, rows })
}

export const drains: readonly Scenario[] = [
  {
    name: 'null sink, pgoutput',
    workload: 'mixed',
    plugin: 'pgoutput',
    limit: postgres,
    run: intoNothing,
    atLeast: 0.9,
  },
  { name: 'null sink, wal2json', workload: 'mixed', plugin: 'wal2json', limit: postgres, run: intoNothing },
  {
    name: 'stdout, pgoutput',
    workload: 'mixed',
    plugin: 'pgoutput',
    limit: postgres,
    run: intoStdout,
    atLeast: 0.75,
  },
  {
    name: 'a million rows in one transaction, stdout, pgoutput',
    workload: 'million',
    plugin: 'pgoutput',
    limit: postgres,
    run: intoStdout,
    bounds: { firstRowSeconds: 1, peakRssMb: 230 },
  },
]
