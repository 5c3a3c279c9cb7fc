import assert from 'node:assert/strict'
import { checkpointed } from '../../../src/pipeline/checkpointed.ts'
import { backfill } from '../../../src/postgres/backfill/backfill.ts'
import { backfillStatus } from '../../../src/postgres/backfill/request-backfill.ts'
import type { BackfillProgress } from '../../../src/postgres/backfill/backfill-progress.ts'
import type { Value } from '../../../src/wal/value.ts'
import type { TemporaryDatabase } from '../postgres.ts'
import { openStream } from '../stream.ts'
import type { StreamOptions, TestStream } from '../stream.ts'
import { eventually } from '../wait.ts'
import type { FirstSnapshot, LastRows } from './last-rows.ts'

export interface FillOptions extends Pick<StreamOptions, 'logger'> {
  readonly rows: LastRows
  readonly chunkRows?: number
  readonly first?: FirstSnapshot
}

/** A stream with a backfill of whatever is asked for, into a destination that keeps last rows. */
export const openFill = (
  database: TemporaryDatabase,
  { rows, chunkRows, first, logger }: FillOptions,
): TestStream =>
  openStream(database, {
    logger,
    prepare: (listener) => backfill(listener, { chunkRows }),
    processor: (checkpointer) => checkpointed(rows.writable(first?.hold), checkpointer),
  })

/** Until nothing waits or runs. */
export const filled = async (url: string, timeoutMs = 150_000): Promise<BackfillProgress[]> => {
  let progress: BackfillProgress[] = []
  const isOpen = ({ state }: BackfillProgress): boolean => state === 'waiting' || state === 'running'
  try {
    await eventually(
      async () => {
        progress = await backfillStatus({ url })
        return !progress.some(isOpen)
      },
      { timeoutMs, every: 100, about: 'The end of the backfill' },
    )
  } catch (error) {
    const open = progress
      .filter(isOpen)
      .map(({ schema, table, state, rows }) => `${schema}.${table} ${state} at ${rows}`)
    throw new Error(`not filled: ${open.join(', ')}`, { cause: error })
  }
  return progress
}

/** Until the backfill waits for somebody who was writing before; by then its first mark is in the WAL. */
export const blocked = (database: Pick<TemporaryDatabase, 'query'>): Promise<unknown> =>
  eventually(
    async () => {
      const waiting = await database.query(
        `select from pg_stat_activity
          where datname = current_database() and application_name = 'pgstream backfill' and query like '%virtualtransaction = any%'`,
      )
      return waiting.length > 0
    },
    { timeoutMs: 30_000, every: 20, about: 'The backfill that waits' },
  )

/** Both ways of keeping last rows have what the table has. */
export async function assertSame(database: TemporaryDatabase, rows: LastRows, table: string): Promise<void> {
  const expected = await database.query<Record<string, Value>>(`select * from ${table}`)
  for (const [way, kept] of rows.both.entries()) {
    const sorted = [...kept.values()].sort((a, b) => Number(a['id']) - Number(b['id']))
    const name = way === 0 ? 'as it comes' : 'as versions allow'
    assert.deepEqual(
      sorted.map(shown),
      expected.sort((a, b) => Number(a['id']) - Number(b['id'])).map(shown),
      name,
    )
  }
}

const shown = (row: Readonly<Record<string, Value>>): string =>
  Object.entries(row)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ')
