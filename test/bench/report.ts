import type { Medians } from './measured.ts'
import type { Bounds } from './scenario.ts'

/** What a scenario came to, beside its limit. */
export interface Result {
  readonly scenario: string
  readonly workload: string
  readonly limit: string
  readonly ours: Medians
  readonly theirs: Medians
  /** Our rows a second by the limit's. */
  readonly ratio: number
  readonly atLeast?: number | undefined
  readonly bounds?: Bounds | undefined
}

/** What was promised and not reached, in words; none if all is well. */
export function missed({ ratio, atLeast, bounds = {}, ours }: Result): string[] {
  const over = (name: string, value: number | undefined, most: number | undefined): string[] =>
    value !== undefined && most !== undefined && value > most
      ? [`${name} ${shown(value)} > ${shown(most)}`]
      : []
  return [
    ...(atLeast !== undefined && ratio < atLeast ? [`ratio ${shown(ratio)} < ${shown(atLeast)}`] : []),
    ...over('CPU-µs a row', ours.cpuMicrosPerRow, bounds.cpuMicrosPerRow),
    ...over('MB', ours.peakRssMb, bounds.peakRssMb),
    ...over('first row s', ours.firstRowSeconds, bounds.firstRowSeconds),
  ]
}

const columns: readonly (readonly [string, (result: Result) => string | number | undefined])[] = [
  ['scenario', ({ scenario }) => scenario],
  ['rows/s', ({ ours }) => ours.rowsPerSecond],
  ['limit', ({ limit }) => limit],
  ['rows/s', ({ theirs }) => theirs.rowsPerSecond],
  ['ratio', ({ ratio }) => ratio],
  ['CPU-µs/row', ({ ours }) => ours.cpuMicrosPerRow],
  ['peak MB', ({ ours }) => ours.peakRssMb],
  ['1st row s', ({ ours }) => ours.firstRowSeconds],
  ['p50 ms', ({ ours }) => ours.p50Ms],
  ['p99 ms', ({ ours }) => ours.p99Ms],
  ['missed', (result) => missed(result).join('; ')],
]

/** For people; the same as Markdown, so that it can be copied into README.md. */
export function table(results: readonly Result[]): string {
  const cells = [
    columns.map(([title]) => title),
    ...results.map((result) => columns.map(([, value]) => cell(value(result)))),
  ]
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, i) => text.padEnd(widths[i]!)).join(' | ')} |`
  const [head, ...rows] = cells
  return [line(head!), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

const cell = (value: string | number | undefined): string =>
  value === undefined ? '' : typeof value === 'number' ? shown(value) : value

function shown(value: number): string {
  if (value >= 1000) return String(Math.round(value))
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
