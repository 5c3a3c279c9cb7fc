import type { ChangeCounts } from '../../../telemetry/stream-status.ts'
import type { Paint } from './paint.ts'

export interface SummaryOptions {
  readonly counts: ChangeCounts
  /** Milliseconds; empty where nobody measured. */
  readonly latencies: readonly number[]
  readonly paint: Paint
}

/** What was seen, that nothing is left of it, and what to type next. */
export function summary({ counts, latencies, paint }: SummaryOptions): string[] {
  const seen = [
    count(counts.rows, 'row change'),
    count(counts.schemaChanges, 'schema change'),
    ...(counts.messages > 0 ? [count(counts.messages, 'message')] : []),
  ]
  const command = startedByNpm() ? 'npx pgstream' : 'pgstream'
  const url = 'postgres://user:password@host/database'
  return [
    paint('strong', `Streamed ${seen.join(', ')}.`),
    ...(latencies.length === 0 ? [] : [`From commit to this screen: ${latencyText(latencies)}.`]),
    'The Postgres of the demo has ended, and its folder is gone.',
    '',
    'Now your own database (wal_level = logical, a superuser to prepare it):',
    `  ${command} init --pgurl ${url}`,
    `  ${command} run --pgurl ${url} --stdout`,
  ]
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`

function latencyText(latencies: readonly number[]): string {
  const sorted = [...latencies].sort((a, b) => a - b)
  const at = (part: number): string => `${sorted[Math.floor((sorted.length - 1) * part)]!.toFixed(1)} ms`
  return `${at(0.5)} at the median, ${at(1)} at most`
}

/** Then the command is one of the project's own, and not on the PATH. */
const startedByNpm = (): boolean => process.env['npm_lifecycle_event'] !== undefined
