import type pg from 'pg'
import { judgeRetainedWal } from '../telemetry/retained-wal.ts'
import type { RetainedWal, SlotFacts } from '../telemetry/retained-wal.ts'

/** Numbers as text: WAL can be longer than what an int8 of Node's driver is safe for. */
type Row = {
  readonly [K in keyof SlotFacts]: SlotFacts[K] extends number ? string : SlotFacts[K] | string
}

/** What the slot makes the server keep; null when there is no such slot. `maxBytes`: our own limit. */
export async function readRetainedWal(
  client: pg.ClientBase,
  slotName: string,
  maxBytes: number,
  growthOf: (retainedBytes: number) => number = () => 0,
): Promise<RetainedWal | null> {
  const { rows } = await client.query<Row>(
    `select slot_name as slot, plugin, active_pid as "activePid", wal_status as "walStatus",
            now_at::text as "currentLsn", confirmed_flush_lsn::text as "confirmedLsn",
            coalesce(now_at - confirmed_flush_lsn, 0)::text as "lagBytes",
            coalesce(now_at - restart_lsn, 0)::text as "retainedBytes", safe_wal_size::text as "safeBytes"
       from pg_replication_slots,
            (select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end as now_at) w
      where slot_name = $1`,
    [slotName],
  )
  const [row] = rows
  if (!row) return null
  const retainedBytes = Number(row.retainedBytes)
  const facts: SlotFacts = {
    slot: row.slot,
    plugin: row.plugin,
    activePid: row.activePid === null ? null : Number(row.activePid),
    walStatus: row.walStatus,
    currentLsn: row.currentLsn,
    confirmedLsn: row.confirmedLsn,
    lagBytes: Math.max(0, Number(row.lagBytes)),
    retainedBytes,
    safeBytes: row.safeBytes === null ? null : Number(row.safeBytes),
  }
  return judgeRetainedWal(facts, maxBytes, growthOf(retainedBytes))
}
