import type { ChangeEvent, CommitEvent } from '../wal/event.ts'
import { noLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'

/**
 * What was handed on in this process, so that after a reconnection nothing is handed on twice: the slot gives again
 * whole transactions, from what was confirmed last.
 *
 * Transactions come in the order of their commit records, and a change keeps its ordinal, so that one place is enough.
 */
export class ResumePoint {
  #commitLsn: Lsn = noLsn
  #ordinal = -1
  #committed = true
  #position: Lsn = noLsn

  /** The newest position that was handed on: everything before it was, too. */
  get position(): Lsn {
    return this.#position
  }

  /** Remembers the event as handed on; false if it was already. */
  pass(event: ChangeEvent | CommitEvent): boolean {
    if (event.commitLsn < this.#commitLsn) return false
    if (event.commitLsn > this.#commitLsn) {
      this.#commitLsn = event.commitLsn
      this.#ordinal = -1
      this.#committed = false
    } else if (this.#committed) return false
    if (event.kind === 'commit') {
      this.#committed = true
      this.reach(event.position.offset as Lsn)
      return true
    }
    if (event.ordinal <= this.#ordinal) return false
    this.#ordinal = event.ordinal
    return true
  }

  /** Nothing comes before this position any more; false if that was known. */
  reach(position: Lsn): boolean {
    if (position <= this.#position) return false
    this.#position = position
    return true
  }
}
