import type pg from 'pg'
import { PgstreamError } from '../errors.ts'
import { noLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import { isOutputPlugin } from '../wal/plugin-message.ts'
import type { OutputPlugin } from '../wal/plugin-message.ts'
import { pluginProblem } from './plugin-problem.ts'
import { fromPostgres } from './postgres-error.ts'
import { findPublication, otherPublication, publicationName } from './publication.ts'
import { readServerState } from './server-state.ts'
import type { ServerState } from './server-state.ts'
import { findSlot, serverIsStandby, slotMissing, slotProblem } from './slot.ts'
import { slotNameFor } from './slot-name.ts'

/** Where a stream begins: a slot that is there, free, and of this database. */
export interface SourceSlot {
  readonly slot: string
  readonly plugin: OutputPlugin
  readonly database: string
  /** Where the slot stands. */
  readonly confirmed: Lsn
}

/**
 * Looks at slot and publication before they are read, because what Postgres says of them then does not say what to do.
 * @throws {PgstreamError} PGSTREAM_SLOT_MISSING, PGSTREAM_SLOT_ACTIVE, PGSTREAM_SLOT_INVALID, PGSTREAM_NOT_INITIALIZED,
 * PGSTREAM_SOURCE_STANDBY; PGSTREAM_SLOT_ADVANCED when somebody else reads what was ours.
 */
export async function findSourceSlot(
  client: pg.ClientBase,
  slotName?: string,
  /** Server processes that read the slot for us before, and may not have noticed their end yet. */
  ours?: ReadonlySet<number>,
): Promise<SourceSlot> {
  try {
    const { database, standby } = await readServerState(
      async (text) => (await client.query<ServerState>(text)).rows,
    )
    if (standby) throw serverIsStandby()
    const name = slotNameFor(database, slotName)
    const slot = await findSlot(client, name)
    if (!slot) throw slotMissing(name)
    const plugin = isOutputPlugin(slot.plugin) ? slot.plugin : 'pgoutput'
    const problem = slotProblem(slot, database, plugin) ?? (await pluginProblem(client, plugin))
    if (problem) throw problem
    if (slot.activePid !== null) {
      if (ours && !ours.has(slot.activePid)) throw takenOver(name, slot.activePid)
      throw new PgstreamError(
        'PGSTREAM_SLOT_ACTIVE',
        `The replication slot ${name} is being read by another session (pid ${slot.activePid}).`,
      )
    }
    const publication = await findPublication(client)
    if (!publication) {
      throw new PgstreamError(
        'PGSTREAM_NOT_INITIALIZED',
        `There is no publication ${publicationName} in database ${JSON.stringify(database)}.`,
      )
    }
    if (!publication.complete) throw otherPublication()
    return { slot: name, plugin, database, confirmed: slot.confirmed ?? noLsn }
  } catch (cause) {
    throw fromPostgres(cause, 'looking at the replication slot')
  }
}

/** What is still queued here is older than what they deliver: going on would put old rows over new ones. */
const takenOver = (name: string, pid: number): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_SLOT_ADVANCED',
    `Another session (pid ${pid}) took over the replication slot ${name} while the connection was lost.`,
  )
