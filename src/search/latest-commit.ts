import { PgstreamError } from '../errors.ts'
import type { ChangeEvent } from '../wal/event.ts'
import { formatLsn, noLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'

/** The commit with the highest LSN. */
export interface Commit {
  readonly lsn: Lsn
  /** Microseconds since 1970-01-01 UTC. */
  readonly time: number
}

export const noCommit: Commit = { lsn: noLsn, time: 0 }

/** Clocks may be set: of one server, later commits have higher LSNs but for that. */
const clockMicros = 600_000_000

/**
 * Notices a source that was restored, or is another one, where nobody can be asked: commits that are much later than
 * another one and have lower LSNs. What comes again after a crash has lower LSNs, too, and is as old as they are.
 */
export class LatestCommit {
  #latest: Commit = noCommit
  readonly #onBehind: (error: PgstreamError) => void
  #isTold = false

  constructor(onBehind: (error: PgstreamError) => void) {
    this.#onBehind = onBehind
  }

  get latest(): Commit {
    return this.#latest
  }

  /** As an earlier process knew it. */
  known(commit: Commit): void {
    this.#latest = commit
  }

  note(event: ChangeEvent): void {
    const { commitLsn: lsn, commitTime: time } = event
    // of a row that a backfill read, both say something else
    if (time === 0 || (event.kind === 'insert' && event.snapshot)) return
    const { lsn: highest, time: before } = this.#latest
    if (lsn > highest) this.#latest = { lsn, time }
    else if (time - before > clockMicros && !this.#isTold) {
      this.#isTold = true
      this.#onBehind(behind({ lsn, time }, this.#latest))
    }
  }
}

const behind = (now: Commit, latest: Commit): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_SEARCH_AHEAD',
    `A commit of ${timeOf(now)} is at ${formatLsn(now.lsn)}, and the index has one of ${timeOf(latest)} at ${formatLsn(latest.lsn)}: the store takes changes of the same rows for old.`,
  )

const timeOf = ({ time }: Commit): string => new Date(time / 1000).toISOString()
