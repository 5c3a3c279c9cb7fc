import { countBackfilled, describeBackfilled } from '../telemetry/backfill-status.ts'
import type { BackfillStatus } from '../telemetry/backfill-status.ts'
import { formatBytes, formatSeconds } from '../telemetry/format.ts'
import { describeRetainedWal } from '../telemetry/retained-wal.ts'
import type { RetainedWal } from '../telemetry/retained-wal.ts'
import type { SinkStatus, StreamStatus } from '../telemetry/stream-status.ts'
import { redactUrl } from '../postgres/postgres-url.ts'
import type { StatusReport } from './status-report.ts'
import { styled } from './styled.ts'

/** The report for people. `asked`: whether it was said where a running pgstream answers. */
export function statusLines(
  { slot, backfill, problem, running, notReached }: StatusReport,
  { url, asked }: { readonly url: string | null; readonly asked: boolean },
): string[] {
  return [
    url === null ? 'The source is Kafka: there is no slot.' : redactUrl(url),
    ...(slot ? describeSlot(slot) : []),
    ...(backfill ? describeBackfill(backfill) : []),
    ...(problem
      ? [`${bad('error:')} ${problem.message}`, `${strong('remedy:')} ${problem.remedy ?? ''}`]
      : []),
    ...(running ? describeRunning(running) : []),
    ...(notReached
      ? [`${bad('✗')} pgstream at ${notReached.url} does not answer: ${notReached.message}`]
      : []),
    ...(asked
      ? []
      : ['What a running pgstream does is told with --ops-address, if it was started with the same.']),
  ]
}

const bad = (text: string): string => styled('bad', text, process.stdout)
const good = (text: string): string => styled('good', text, process.stdout)
const strong = (text: string): string => styled('strong', text, process.stdout)

function describeSlot(retained: RetainedWal): string[] {
  const { slot, plugin, activePid, confirmedLsn, currentLsn, lagBytes } = retained
  return [
    `slot ${slot} (${plugin ?? 'no plugin'}): ${activePid === null ? 'read by nobody' : `read by pid ${activePid}`}`,
    `confirmed ${confirmedLsn ?? 'nothing'}, the server is at ${currentLsn}: ${formatBytes(lagBytes)} behind`,
    describeRetainedWal(retained),
  ]
}

const describeBackfill = (backfill: BackfillStatus): string[] => [
  `backfill: ${countBackfilled(backfill)}, ${number(backfill.rows)} rows`,
  ...backfill.open.map((each) =>
    `  ${each.schema}.${each.table}: ${each.state}, ${describeBackfilled(each)}`.replace(/, $/, ''),
  ),
]

function describeRunning(running: StreamStatus): string[] {
  const { pid, ready, reasons, rowsPerSecond, lagSeconds, rows, source, sinks } = running
  const letters = source.deadLetters > 0 ? `, ${number(source.deadLetters)} dead letters of the source` : ''
  return [
    `${ready ? good('✓') : bad('✗')} pgstream (pid ${pid}): ${ready ? 'ready' : `not ready: ${reasons.join(' ')}`}`,
    `${number(rows)} rows since its start, ${number(Math.round(rowsPerSecond))} per second, lag ${formatSeconds(lagSeconds)}${letters}`,
    ...sinks.map(describeSink),
  ]
}

function describeSink(sink: SinkStatus): string {
  const { name, operations, queue, lagSeconds, retries, deadLetters, ignoredValues, problem } = sink
  const { commitToDurableMs: told } = sink
  const size = queue.unit === 'bytes' ? formatBytes : (count: number) => `${number(count)} events`
  return [
    `  ${name}: ${number(operations)} delivered`,
    `${size(queue.length)} of ${size(queue.limit)} waiting`,
    `lag ${formatSeconds(lagSeconds)}`,
    `${number(retries)} retries`,
    `${number(deadLetters)} dead letters`,
    ...(ignoredValues > 0 ? [`${number(ignoredValues)} values not searchable`] : []),
    ...(told ? [`from commit to durable p50 ${ms(told.p50)}, p95 ${ms(told.p95)}, p99 ${ms(told.p99)}`] : []),
    ...(problem ? [`trying again: ${problem.message}`] : []),
  ].join(', ')
}

const number = (value: number): string => value.toLocaleString('en')

const ms = (value: number): string =>
  value < 1_000 ? `${Math.round(value)} ms` : formatSeconds(value / 1_000)
