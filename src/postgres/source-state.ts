import { PgstreamError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { formatLsn, parseLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { ReplicationConnection, SystemIdentity } from './replication-connection.ts'
import type { SourceSlot } from './source-slot.ts'

/** Server and slot as they are when a session begins. */
export type SourceState = SourceSlot & SystemIdentity

/**
 * Makes sure that what a session is about to read continues what was read before in this process, up to `reached`.
 *
 * @throws {PgstreamError} PGSTREAM_SOURCE_CHANGED when it is another server, or one that came back with less than was
 * read from it; PGSTREAM_SLOT_ADVANCED when the slot has been moved past it.
 */
export async function examineSource(options: {
  readonly before: SourceState
  readonly now: SourceState
  readonly reached: Lsn
  readonly connection: ReplicationConnection
  readonly logger: Logger
}): Promise<void> {
  const { before, now, reached, connection, logger } = options
  if (now.systemId !== before.systemId || now.database !== before.database || now.plugin !== before.plugin) {
    throw changed(
      `The server that answers is another one: it calls itself ${describe(now)}, before it was ${describe(before)}`,
    )
  }
  if (now.timeline !== before.timeline) {
    const left = leftAt(before.timeline, await connection.timelineHistory(now.timeline))
    if (left === null || left < reached) {
      throw changed(
        `The server is on timeline ${now.timeline} now, and ${left === null ? `that does not come from timeline ${before.timeline}` : `left timeline ${before.timeline} at ${formatLsn(left)}`}; what was read up to ${formatLsn(reached)} is not in its history`,
      )
    }
    logger.warn(
      { from: before.timeline, to: now.timeline },
      'the server has a new timeline, as after a failover',
    )
  }
  if (now.flushed < reached) {
    throw changed(
      `The server has WAL up to ${formatLsn(now.flushed)} only, and was read up to ${formatLsn(reached)}: it was restored`,
    )
  }
  if (now.confirmed > reached) {
    throw new PgstreamError(
      'PGSTREAM_SLOT_ADVANCED',
      `The replication slot ${now.slot} was moved from ${formatLsn(reached)} to ${formatLsn(now.confirmed)} by somebody else.`,
    )
  }
}

const describe = ({ systemId, database, plugin }: SourceState): string =>
  `${systemId} with database ${JSON.stringify(database)} and plugin ${plugin}`

const changed = (what: string): PgstreamError => new PgstreamError('PGSTREAM_SOURCE_CHANGED', `${what}.`)

/** Where a timeline was left, by the history file of a later one; null when that does not come from it. */
export function leftAt(timeline: number, history: string): Lsn | null {
  for (const line of history.split('\n')) {
    const match = /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line)
    if (match && Number(match[1]) === timeline) return parseLsn(match[2]!)
  }
  return null
}
