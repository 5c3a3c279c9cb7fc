import type { BackfillStatus } from '../telemetry/backfill-status.ts'
import type { RetainedWal } from '../telemetry/retained-wal.ts'
import { isOutputPlugin } from '../wal/plugin-message.ts'
import { connect, queryTimeoutMs } from './connect.ts'
import { lookAtBackfill } from './look-at-backfill.ts'
import { fromPostgres } from './postgres-error.ts'
import { readRetainedWal } from './read-retained-wal.ts'
import { readServerState } from './server-state.ts'
import type { ServerState } from './server-state.ts'
import { findSlot, serverIsStandby, slotMissing, slotProblem } from './slot.ts'
import { slotNameFor } from './slot-name.ts'

/**
 * One look at a slot and its backfill from the outside, whoever reads it; one that is lost is told by its level.
 * @throws {PgstreamError} PGSTREAM_SLOT_MISSING, PGSTREAM_SLOT_INVALID where it is of another database or plugin, and why the server cannot be asked.
 */
export async function lookAtSlot(options: {
  readonly url: string
  readonly slotName: string | undefined
  readonly maxRetainedWal: number
}): Promise<{ readonly retained: RetainedWal; readonly backfill: BackfillStatus | null }> {
  const client = await connect(options.url, { applicationName: 'pgstream status', queryTimeoutMs })
  try {
    const { database, standby } = await readServerState(
      async (text) => (await client.query<ServerState>(text)).rows,
    )
    const name = slotNameFor(database, options.slotName)
    const slot = await findSlot(client, name)
    const retained = slot && (await readRetainedWal(client, name, options.maxRetainedWal))
    if (!retained) throw standby ? serverIsStandby() : slotMissing(name)
    const plugin = isOutputPlugin(slot.plugin) ? slot.plugin : 'pgoutput'
    const problem = slotProblem({ ...slot, lost: false }, database, plugin)
    if (problem) throw problem
    return { retained, backfill: (await lookAtBackfill(client, name)) ?? null }
  } catch (cause) {
    throw fromPostgres(cause, 'looking at the replication slot')
  } finally {
    await client.end()
  }
}
