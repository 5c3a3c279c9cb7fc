import { PgstreamError } from '../errors.ts'
import type { ChangeEvent, CommitEvent } from '../wal/event.ts'
import { lsn, noLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import { slotPosition } from './slot-position.ts'

/** What a change knows of its transaction, and its own place. */
type ChangePlace = Pick<
  ChangeEvent,
  'commitLsn' | 'ordinal' | 'lsn' | 'xid' | 'commitTime' | 'position' | 'translation'
>

/**
 * The transaction that a decoder is in, and the numbering of its changes: the same whichever plugin decoded them. Throws
 * PGSTREAM_PROTOCOL for what cannot come where it came.
 */
export class Transaction {
  #open = false
  #commitLsn: Lsn = noLsn
  #commitTime = 0
  #xid = 0
  #ordinal = 0

  /** Between a begin and its commit. */
  get isOpen(): boolean {
    return this.#open
  }

  begin({ commitLsn, commitTime, xid }: Pick<ChangePlace, 'commitLsn' | 'commitTime' | 'xid'>): void {
    if (this.#open) throw new PgstreamError('PGSTREAM_PROTOCOL', 'a transaction began within another')
    this.#open = true
    this.#commitLsn = commitLsn
    this.#commitTime = commitTime
    this.#xid = xid
    this.#ordinal = 0
  }

  commit({
    commitLsn,
    endLsn,
    commitTime,
  }: {
    commitLsn: Lsn
    endLsn: Lsn
    commitTime: number
  }): CommitEvent {
    this.#mustBeOpen()
    this.#open = false
    return { kind: 'commit', commitLsn, xid: this.#xid, commitTime, position: slotPosition(endLsn) }
  }

  get commitLsn(): Lsn {
    return this.#commitLsn
  }

  get commitTime(): number {
    return this.#commitTime
  }

  get xid(): number {
    return this.#xid
  }

  /** The ordinal of the next change. */
  next(): number {
    this.#mustBeOpen()
    return this.#ordinal++
  }

  /** The place of the next change. */
  change(at: Lsn): ChangePlace {
    return {
      commitLsn: this.#commitLsn,
      ordinal: this.next(),
      lsn: at,
      xid: this.#xid,
      commitTime: this.#commitTime,
      position: null,
      translation: null,
    }
  }

  #mustBeOpen(): void {
    if (this.#open) return
    throw new PgstreamError('PGSTREAM_PROTOCOL', 'a change or a commit arrived outside of a transaction')
  }
}

/**
 * The place of a message that belongs to no transaction. Its LSN is the end of its record, where the next commit record
 * may start: the byte before is nobody else's.
 */
export const standingAlone = (at: Lsn): ChangePlace => ({
  commitLsn: lsn(at - 1n),
  ordinal: 0,
  lsn: at,
  xid: 0,
  commitTime: 0,
  position: null,
  translation: null,
})
