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

const stdout = { limit: postgres, run: intoStdout } as const
const nothing = { limit: postgres, run: intoNothing, plugin: 'pgoutput' } as const

export const drains: readonly Scenario[] = [
  { ...nothing, name: 'null sink, pgoutput', workload: 'mixed', atLeast: 0.9 },
  { ...nothing, name: 'null sink, wal2json', workload: 'mixed', plugin: 'wal2json' },
  { ...nothing, name: 'a million rows in one transaction, null sink, pgoutput', workload: 'million' },
  { ...nothing, name: 'single-row transactions, null sink, pgoutput', workload: 'single' },
  { ...nothing, name: 'wide rows, null sink, pgoutput', workload: 'wide' },
  { ...nothing, name: 'large rows, null sink, pgoutput', workload: 'large' },
  { ...stdout, name: 'stdout, pgoutput', workload: 'mixed', plugin: 'pgoutput', atLeast: 0.75 },
  { ...stdout, name: 'stdout, wal2json', workload: 'mixed', plugin: 'wal2json' },
  {
    ...stdout,
    name: 'a million rows in one transaction, stdout, pgoutput',
    workload: 'million',
    plugin: 'pgoutput',
    bounds: { firstRowSeconds: 1, peakRssMb: 230 },
  },
  { ...stdout, name: 'single-row transactions, stdout, pgoutput', workload: 'single', plugin: 'pgoutput' },
  { ...stdout, name: 'updates and deletes, stdout, pgoutput', workload: 'churn', plugin: 'pgoutput' },
  { ...stdout, name: 'wide rows, stdout, pgoutput', workload: 'wide', plugin: 'pgoutput' },
  { ...stdout, name: 'unchanged TOAST, stdout, pgoutput', workload: 'toast', plugin: 'pgoutput' },
  { ...stdout, name: 'large rows, stdout, pgoutput', workload: 'large', plugin: 'pgoutput' },
]
