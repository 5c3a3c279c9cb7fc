import { PgstreamError } from '../errors.ts'
import { formatLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { StoredSource } from './history.ts'

/** Which server the changes come from, and how far it is. */
export interface SourcePlace {
  /** As `IDENTIFY_SYSTEM` gives it, and so the timeline. */
  readonly systemIdentifier: string
  readonly timeline: number
  /** How far its WAL is flushed. */
  readonly flushed: Lsn
  /** Where this server's history left an older timeline; null when it does not come from it. */
  leftAt(timeline: number): Promise<Lsn | null>
}

/**
 * Makes sure that what comes is newer than what is in the index: otherwise the store would take it for old, and refuse it
 * without a word.
 * @throws {PgstreamError} PGSTREAM_SEARCH_AHEAD
 */
export async function examineSource(stored: StoredSource, place: SourcePlace): Promise<void> {
  if (stored.systemIdentifier !== '' && stored.systemIdentifier !== place.systemIdentifier) {
    throw ahead(
      `The index was filled from the server with system identifier ${stored.systemIdentifier}, and this one has ${place.systemIdentifier}`,
    )
  }
  const reached = formatLsn(stored.lsn)
  if (stored.timeline !== place.timeline && stored.timeline !== 0) {
    const left = await place.leftAt(stored.timeline)
    if (left === null || left < stored.lsn) {
      throw ahead(
        `The index holds changes up to ${reached} of timeline ${stored.timeline}, which the server ${left === null ? 'does not come from' : `left at ${formatLsn(left)}`}`,
      )
    }
  }
  if (place.flushed < stored.lsn) {
    throw ahead(
      `The index holds changes up to ${reached}, and the server has WAL up to ${formatLsn(place.flushed)} only`,
    )
  }
}

const ahead = (what: string): PgstreamError => new PgstreamError('PGSTREAM_SEARCH_AHEAD', `${what}.`)
