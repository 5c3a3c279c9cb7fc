import { setTimeout as pause } from 'node:timers/promises'
import type { TemporaryDatabase } from '../postgres.ts'
import { openSession } from '../session.ts'
import type { Random } from '../workload/random.ts'
import { changesOfRow, quoted, tableNames } from './tables-to-fill.ts'

const { deleteRow, insertRow, updateRow, moveRow } = changesOfRow

/** One change of one row, which may be there or not; seldom of a whole table. */
function change(random: Random, rows: number, tables: readonly string[]): string {
  const table = random.pick(tables)
  const n = 1 + random.int(rows)
  if (random.int(1_000) === 0) return `truncate ${quoted(table)}`
  if (random.int(500) === 0) {
    return random.chance(0.5)
      ? `alter table ${quoted(table)} add column if not exists extra int`
      : `alter table ${quoted(table)} drop column if exists extra`
  }
  return random.weighted([
    [1, deleteRow(table, n)],
    [1, insertRow(table, n)],
    [1, moveRow(table, n, 1 + random.int(rows))],
    [2, updateRow(table, n)],
  ])
}

export interface ChangingRows {
  readonly random: Random
  readonly rows: number
  readonly tables?: readonly string[]
  readonly signal: AbortSignal
  /** Between two transactions, for destinations that are not to fall behind. */
  readonly pauseMs?: number
}

/** Changes rows all over the tables, in short transactions and in one that stays open over many, until it is stopped. */
export async function changeRows(
  database: TemporaryDatabase,
  { random, rows, signal, tables = tableNames, pauseMs = 0 }: ChangingRows,
): Promise<number> {
  await using long = await openSession(database.url)
  await using short = await openSession(database.url)
  await long.query('begin')
  let changes = 0
  while (!signal.aborted) {
    await short.query('begin; set local lock_timeout = 20')
    for (let left = 1 + random.int(4); left > 0; left--) {
      await short.query('savepoint before')
      const done = await short.query(change(random, rows, tables)).catch(() => null)
      if (done === null) await short.query('rollback to before')
      else changes++
    }
    await short.query(random.int(10) === 0 ? 'rollback' : 'commit')
    if (random.int(20) === 0) {
      await long.query('savepoint before; set local lock_timeout = 20')
      await long.query(change(random, rows, tables)).catch(() => long.query('rollback to before'))
    }
    if (random.int(100) === 0) await long.query('commit; begin')
    if (pauseMs > 0) await pause(pauseMs)
  }
  await long.query('commit')
  return changes
}
