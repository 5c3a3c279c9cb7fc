import type pg from 'pg'
import { backfillStatusOf } from '../telemetry/backfill-status.ts'
import type { BackfillStatus } from '../telemetry/backfill-status.ts'
import { progressOf } from './backfill/backfill-progress.ts'
import { sqlState } from './postgres-error.ts'

/** The table is not there, or not for this user. */
const notForUs: ReadonlySet<string | undefined> = new Set(['42P01', '3F000', '42501'])

/** How far the backfill of a slot is; null when nobody asked for any, undefined when that cannot be read. */
export async function lookAtBackfill(
  client: pg.ClientBase,
  slotName: string,
): Promise<BackfillStatus | null | undefined> {
  const query = async <Row extends pg.QueryResultRow>(sql: string, values: unknown[]): Promise<Row[]> =>
    (await client.query<Row>(sql, values)).rows
  try {
    return backfillStatusOf(await progressOf({ query }, slotName))
  } catch (error) {
    if (notForUs.has(sqlState(error))) return undefined
    throw error
  }
}
