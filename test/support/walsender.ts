import assert from 'node:assert/strict'
import type { TemporaryDatabase } from './postgres.ts'
import { slotNameOf } from './source.ts'

/** The walsender of the database's slot: who it is, and when it last heard from us, in seconds. */
export async function walsender(database: TemporaryDatabase): Promise<{ pid: number; reply: number }> {
  const [row] = await database.query<{ pid: number; reply: number }>(
    `select active_pid as pid, coalesce(extract(epoch from reply_time), 0)::float8 as reply
       from pg_replication_slots join pg_stat_replication on pid = active_pid where slot_name = $1`,
    [slotNameOf(database)],
  )
  assert.ok(row, 'nobody reads the slot')
  return row
}
