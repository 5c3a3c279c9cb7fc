import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { PgstreamError } from '../errors.ts'
import { parseLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import { isOutputPlugin } from '../wal/plugin-message.ts'
import { fromPostgres, sqlState } from './postgres-error.ts'
import { describeSessions } from './sessions.ts'

export interface Slot {
  readonly name: string
  readonly plugin: string | null
  readonly database: string | null
  readonly activePid: number | null
  /** Its first snapshot was built: before that nobody can read from it, and it goes when its creation is cut. */
  readonly ready: boolean
  readonly lost: boolean
  /** Up to where its reader confirmed; null before it is ready. */
  readonly confirmed: Lsn | null
}

/** Any slot of the server with this name, or null. */
export async function findSlot(client: pg.ClientBase, name: string): Promise<Slot | null> {
  const { rows } = await client.query<Omit<Slot, 'confirmed'> & { confirmed: string | null }>(
    `select slot_name as name, plugin, database, active_pid as "activePid",
            confirmed_flush_lsn is not null as ready,
            confirmed_flush_lsn::text as confirmed, wal_status is not distinct from 'lost' as lost
       from pg_replication_slots where slot_name = $1`,
    [name],
  )
  const [slot] = rows
  return slot ? { ...slot, confirmed: slot.confirmed === null ? null : parseLsn(slot.confirmed) } : null
}

/** No slot of such a server is read: what it decodes is not what a primary says that it confirmed. */
export const serverIsStandby = (): PgstreamError =>
  new PgstreamError('PGSTREAM_SOURCE_STANDBY', 'The server is a standby, or has not ended its recovery.')

export const slotMissing = (name: string): PgstreamError =>
  new PgstreamError('PGSTREAM_SLOT_MISSING', `There is no replication slot ${name} on the server.`)

/** What makes a slot that is there unusable for this database and plugin, or null. */
export function slotProblem(slot: Slot, database: string, plugin: string): PgstreamError | null {
  const what = `The replication slot ${slot.name}`
  if (slot.database !== database || slot.plugin !== plugin) {
    const owner =
      slot.database === null ? 'is physical' : `belongs to database ${JSON.stringify(slot.database)}`
    const sentence = slot.database === database ? `has the plugin ${slot.plugin ?? 'none'}` : owner
    const ours = slot.database === database && isOutputPlugin(slot.plugin)
    return new PgstreamError('PGSTREAM_SLOT_INVALID', `${what} ${sentence}.`, {
      remedy: `${ours ? `Say --plugin ${slot.plugin} to go on with it, choose` : 'Choose'} another name with --slot-name, or drop that slot if nobody needs it.`,
    })
  }
  if (!slot.lost) return null
  return new PgstreamError('PGSTREAM_SLOT_INVALID', `${what} is lost: Postgres removed WAL that it needs.`)
}

/** @throws {PgstreamError} PGSTREAM_SLOT_ACTIVE when whoever reads from the slot does not stop within a few seconds. */
export async function waitForReader(client: pg.ClientBase, name: string, graceMs = 5_000): Promise<void> {
  const until = performance.now() + graceMs
  for (;;) {
    const pid = (await findSlot(client, name))?.activePid ?? null
    if (pid === null) return
    if (performance.now() >= until) {
      const reader = (await describeSessions(client, [pid])).get(pid) ?? `pid ${pid}`
      throw new PgstreamError(
        'PGSTREAM_SLOT_ACTIVE',
        `The replication slot ${name} is being read by ${reader}.`,
        {
          remedy: `Stop it (pgstream run), or end it: select pg_terminate_backend(${pid}).`,
        },
      )
    }
    await pause(100)
  }
}

/** Drops a slot that nobody reads from; false when there is none. */
export async function dropSlot(client: pg.ClientBase, name: string): Promise<boolean> {
  try {
    await client.query('select pg_drop_replication_slot($1)', [name])
    return true
  } catch (cause) {
    if (sqlState(cause) === '42704') return false
    throw fromPostgres(cause, `dropping the replication slot ${name}`)
  }
}
