import { PgstreamError } from '../../errors.ts'
import { isOutputPlugin } from '../../wal/plugin-message.ts'
import type { OutputPlugin } from '../../wal/plugin-message.ts'
import { slotNameFor } from '../slot-name.ts'
import type { SteadySession } from '../steady-session.ts'

export interface DescribedSlot {
  readonly name: string
  readonly plugin: OutputPlugin
}

/** The slot of a database that is meant, and its plugin. @throws {PgstreamError} PGSTREAM_SLOT_MISSING */
export async function describeSlot(
  connection: SteadySession,
  asked: string | undefined,
): Promise<DescribedSlot> {
  const databases = await connection.query<{ database: string }>('select current_database() as database', [])
  const name = slotNameFor(databases[0]!.database, asked)
  const rows = await connection.query<{ plugin: string | null }>(
    'select plugin from pg_replication_slots where slot_name = $1',
    [name],
  )
  const [slot] = rows
  if (!slot) {
    throw new PgstreamError('PGSTREAM_SLOT_MISSING', `There is no replication slot ${name} on the server.`)
  }
  return { name, plugin: isOutputPlugin(slot.plugin) ? slot.plugin : 'pgoutput' }
}
