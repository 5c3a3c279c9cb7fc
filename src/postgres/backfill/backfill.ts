import { silentLogger } from '../../telemetry/logger.ts'
import type { PostgresListener } from '../postgres-listener.ts'
import { BackfillCompanion } from './backfill-companion.ts'
import { startFirstBackfill } from './request-backfill.ts'

export interface BackfillOptions {
  /**
   * Patterns of tables that are filled from their first row, unless somebody asked for them before: what is done or was
   * cancelled is not begun again, what failed is. Default: none; what `startBackfill` asks for is filled.
   */
  readonly tables?: readonly string[] | undefined
  /** The most rows that are read at once; fewer are while others use the stream. Default: 50,000. */
  readonly chunkRows?: number | undefined
  /** Whether rows of a table pass the filter; it is not read otherwise. Default: all tables. */
  readonly wants?: ((schema: string, table: string) => boolean) | undefined
}

/**
 * Lets the rows that were there before come through the stream of a listener while it runs, as inserts marked
 * `snapshot: true`, for the tables that were asked for: here, by `startBackfill` or by `pgstream backfill start`. To be
 * called before the listener is connected to anything.
 *
 * A row that is changed meanwhile comes once more by its change, or only by it; never does an older state of it come
 * later. What is durable at the destination does not come again when the process is started anew, but for a chunk.
 *
 * @throws {RangeError} when `chunkRows` is no number of rows.
 */
export function backfill(listener: PostgresListener, options: BackfillOptions = {}): void {
  const { tables, wants = () => true, chunkRows: mostRows } = options
  if (mostRows !== undefined && !(Number.isInteger(mostRows) && mostRows >= 1))
    throw new RangeError('chunkRows has to be a whole number, 1 or more')
  listener.accompany(({ url, slotName, logger = silentLogger }) => {
    const asked = async (): Promise<void> => {
      const cancelled = await startFirstBackfill({ url, slotName, tables }, wants)
      if (cancelled.length === 0) return
      logger.warn(
        { tables: cancelled },
        'the backfill of these tables was cancelled once: pgstream backfill start begins it again',
      )
    }
    const ask = tables ? asked : null
    return new BackfillCompanion({ url, slotName, logger, wants, mostRows, ask })
  })
}
