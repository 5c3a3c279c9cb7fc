import { formatSeconds } from './format.ts'

export const backfillStates = ['waiting', 'running', 'done', 'cancelled', 'failed'] as const
export type BackfillState = (typeof backfillStates)[number]

/** How far the backfill of one table is. */
export interface BackfilledTable {
  readonly schema: string
  readonly table: string
  /** `waiting`: for `pgstream run`. */
  readonly state: BackfillState
  /** Handed on and durable at the destination; those that were changed meanwhile came in the stream and do not count. */
  readonly rows: number
  /** As the last ANALYZE of the table says; null while it waits. */
  readonly estimatedRows: number | null
  readonly rowsPerSecond: number | null
  readonly secondsLeft: number | null
  /** What failed, and what to do about it. */
  readonly error: string | null
}

/** How far the backfill of all tables of a slot is. */
export interface BackfillStatus {
  readonly tables: Readonly<Record<BackfillState, number>>
  /** Of all tables, durable at the destination. */
  readonly rows: number
  /** Those that are under way, that failed and that wait, in this order, the first twenty. */
  readonly open: readonly BackfilledTable[]
}

const order: readonly BackfillState[] = ['running', 'failed', 'waiting']
const mostOpen = 20

/** Null when nobody asked for any. */
export function backfillStatusOf(all: readonly BackfilledTable[]): BackfillStatus | null {
  if (all.length === 0) return null
  const tables = { waiting: 0, running: 0, done: 0, cancelled: 0, failed: 0 }
  for (const { state } of all) tables[state]++
  const open = order.flatMap((state) => all.filter((each) => each.state === state)).slice(0, mostOpen)
  return {
    tables,
    rows: all.reduce((sum, { rows }) => sum + rows, 0),
    open: open.map(({ schema, table, state, rows, estimatedRows, rowsPerSecond, secondsLeft, error }) => ({
      ...{ schema, table, state, rows, estimatedRows, rowsPerSecond, secondsLeft, error },
    })),
  }
}

const number = (value: number): string => value.toLocaleString('en')

/** Of a table: `120,000 of about 2,000,000 rows, 85,000 rows/s, 22 s left`. */
export function describeBackfilled(table: BackfilledTable): string {
  const { state, rows, estimatedRows, rowsPerSecond, secondsLeft, error } = table
  const isMoving = state === 'running' || state === 'done'
  const estimate = state === 'running' && estimatedRows !== null ? ` of about ${number(estimatedRows)}` : ''
  return [
    ...(isMoving || rows > 0 ? [`${number(rows)}${estimate} rows`] : []),
    ...(isMoving && rowsPerSecond !== null ? [`${number(rowsPerSecond)} rows/s`] : []),
    ...(secondsLeft !== null && estimatedRows !== null ? [`${formatSeconds(secondsLeft)} left`] : []),
    ...(error === null ? [] : [error]),
  ].join(', ')
}

/** `1 running, 3 waiting, 12 done`. */
export const countBackfilled = ({ tables }: BackfillStatus): string =>
  backfillStates
    .filter((state) => tables[state] > 0)
    .map((state) => `${tables[state]} ${state}`)
    .join(', ')
