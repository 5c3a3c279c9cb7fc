import { parseLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { OutputPlugin } from '../wal/plugin-message.ts'
import { connect, queryTimeoutMs } from './connect.ts'
import { fromPostgres } from './postgres-error.ts'
import { findSourceSlot } from './source-slot.ts'

export interface SlotDescription {
  readonly slot: string
  readonly plugin: OutputPlugin
  readonly database: string
  /** Version of Postgres, such as `15.20`. */
  readonly server: string
  /** Where it stands. */
  readonly start: Lsn
  /** The end of what the server has written: everything committed so far lies before it. */
  readonly current: Lsn
}

/**
 * What there is to know of a slot before it is read.
 * @throws {PgstreamError} as `findSourceSlot`.
 */
export async function describeSlot(url: string, slotName?: string): Promise<SlotDescription> {
  const client = await connect(url, { queryTimeoutMs })
  try {
    const { slot, plugin, database } = await findSourceSlot(client, slotName)
    const { rows } = await client.query<{ server: string; start: string; current: string }>(
      `select split_part(current_setting('server_version'), ' ', 1) as server,
              confirmed_flush_lsn::text as start, pg_current_wal_flush_lsn()::text as current
         from pg_replication_slots where slot_name = $1`,
      [slot],
    )
    const { server, start, current } = rows[0]!
    return { slot, plugin, database, server, start: parseLsn(start), current: parseLsn(current) }
  } catch (cause) {
    throw fromPostgres(cause, 'looking at the replication slot')
  } finally {
    await client.end()
  }
}
