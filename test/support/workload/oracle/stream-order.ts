import { isSlotPosition } from '../../../../src/postgres/slot-position.ts'
import type { ChangeEvent, CommitEvent, KeepaliveEvent } from '../../../../src/wal/event.ts'
import { formatLsn } from '../../../../src/wal/lsn.ts'
import type { Problems } from './problems.ts'

const nameOf = ({ kind, commitLsn, ordinal }: ChangeEvent): string =>
  `${kind} ${formatLsn(commitLsn)}/${ordinal}`

/** Order and names of events: commits in the order of their LSNs, each name once, positions that never go back. */
export class StreamOrder {
  readonly #problems: Problems
  readonly #mayComeAgain: boolean
  /** The last ordinal of each transaction. */
  readonly #seen = new Map<bigint, number>()
  #newest = 0n
  #current: ChangeEvent | null = null
  #position = 0n

  constructor(problems: Problems, mayComeAgain: boolean) {
    this.#problems = problems
    this.#mayComeAgain = mayComeAgain
  }

  /** False when the event was seen before. */
  change(event: ChangeEvent): boolean {
    const { commitLsn, ordinal, lsn } = event
    const last = this.#seen.get(commitLsn) ?? -1
    if (ordinal <= last) {
      this.#problems.check(this.#mayComeAgain, () => `${nameOf(event)} came again, or too late`)
      return false
    }
    this.#problems.check(commitLsn >= this.#newest, () => `${nameOf(event)} came after later commits`)
    this.#problems.check(lsn <= commitLsn || event.xid === 0, () => `${nameOf(event)} lies behind its commit`)
    this.#seen.set(commitLsn, ordinal)
    if (commitLsn > this.#newest) this.#newest = commitLsn
    this.#sameTransaction(event)
    return true
  }

  #sameTransaction(event: ChangeEvent): void {
    const current = this.#current
    this.#current = event.xid === 0 ? null : event
    if (!current || event.xid === 0) {
      this.#problems.check(!current, () => `${nameOf(event)} came within a transaction that it is no part of`)
      return
    }
    const fits =
      event.commitLsn === current.commitLsn &&
      event.xid === current.xid &&
      event.commitTime === current.commitTime
    this.#problems.check(fits, () => `${nameOf(event)} came before the commit of ${nameOf(current)}`)
    this.#problems.check(event.lsn >= current.lsn, () => `${nameOf(event)} is older than the one before it`)
  }

  commit({ commitLsn, xid, commitTime, position }: CommitEvent): void {
    const current = this.#current
    this.#current = null
    const fits =
      !current ||
      (commitLsn === current.commitLsn && xid === current.xid && commitTime === current.commitTime)
    this.#problems.check(fits, () => `the commit ${formatLsn(commitLsn)} is not that of ${nameOf(current!)}`)
    this.#advance(position, commitLsn + 1n)
  }

  keepalive({ position }: KeepaliveEvent): void {
    this.#problems.check(this.#current === null, () => 'a keepalive came within a transaction')
    this.#advance(position, 0n)
  }

  #advance(position: CommitEvent['position'], atLeast: bigint): void {
    if (!isSlotPosition(position)) return
    const { offset } = position
    const least = this.#mayComeAgain || atLeast > this.#position ? atLeast : this.#position
    this.#problems.check(offset >= least, () => `the position went back to ${formatLsn(offset)}`)
    this.#position = offset
  }
}
