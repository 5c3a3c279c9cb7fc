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
  readonly #onMissing: (error: PgstreamError) => void
  #isTold = false
  /** Of an earlier process, as long as it may still come again. */
  #known: Commit | null = null
  /** A commit that stands before the known one, and is later. */
  #later: Commit | null = null

  /**
   * `onMissing`: commits were later than the one that an earlier process knew, and stood before its place, and it did not come
   * there: this is no history that has it, however little time there is between.
   */
  constructor(onBehind: (error: PgstreamError) => void, onMissing: (error: PgstreamError) => void) {
    this.#onBehind = onBehind
    this.#onMissing = onMissing
  }

  get latest(): Commit {
    return this.#latest
  }

  /** As an earlier process knew it. */
  known(commit: Commit): void {
    this.#latest = commit
    this.#known = commit.time === 0 ? null : commit
  }

  note(event: ChangeEvent): void {
    const { commitLsn: lsn, commitTime: time } = event
    // of a row that a backfill read, both say something else
    if (time === 0 || (event.kind === 'insert' && event.snapshot)) return
    if (this.#known !== null) this.#compare({ lsn, time }, this.#known)
    const { lsn: highest, time: before } = this.#latest
    if (lsn > highest) this.#latest = { lsn, time }
    else if (time - before > clockMicros && !this.#isTold) {
      this.#isTold = true
      this.#onBehind(behind({ lsn, time }, this.#latest))
    }
  }

  #compare(now: Commit, known: Commit): void {
    if (now.lsn === known.lsn && now.time === known.time) this.#known = null
    else if (now.lsn <= known.lsn) {
      if (now.time > known.time) this.#later = now
    } else {
      this.#known = null
      if (this.#later !== null) this.#onMissing(behind(this.#later, known))
    }
  }
}

const behind = (now: Commit, latest: Commit): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_SEARCH_AHEAD',
    `A commit of ${timeOf(now)} is at ${formatLsn(now.lsn)}, and the index has one of ${timeOf(latest)} at ${formatLsn(latest.lsn)}: the store takes changes of the same rows for old.`,
  )

const timeOf = ({ time }: Commit): string => new Date(time / 1000).toISOString()
