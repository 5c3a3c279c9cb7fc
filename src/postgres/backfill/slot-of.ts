import { isOutputPlugin } from '../../wal/plugin-message.ts'
import type { OutputPlugin } from '../../wal/plugin-message.ts'
import { readServerState } from '../server-state.ts'
import { serverIsStandby, slotMissing } from '../slot.ts'
import { slotNameFor } from '../slot-name.ts'
import type { SteadySession } from '../steady-session.ts'

export interface DescribedSlot {
  readonly name: string
  readonly plugin: OutputPlugin
}

/** The slot of a database that is meant, and its plugin. @throws {PgstreamError} PGSTREAM_SLOT_MISSING, PGSTREAM_SOURCE_STANDBY */
export async function describeSlot(
  connection: SteadySession,
  asked: string | undefined,
): Promise<DescribedSlot> {
  const { database, standby } = await readServerState((text) => connection.query(text))
  if (standby) throw serverIsStandby()
  const name = slotNameFor(database, asked)
  const rows = await connection.query<{ plugin: string | null }>(
    'select plugin from pg_replication_slots where slot_name = $1',
    [name],
  )
  const [slot] = rows
  if (!slot) throw slotMissing(name)
  return { name, plugin: isOutputPlugin(slot.plugin) ? slot.plugin : 'pgoutput' }
}
