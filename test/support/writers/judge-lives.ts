import { Problems } from '../workload/oracle/problems.ts'
import type { HistoryChange } from './history.ts'
import type { Change } from './journal.ts'

/** A piece of the history that one process wrote: indexes of its first and its last change. */
export interface Piece {
  readonly from: number
  readonly to: number
  /** The transaction of its last change has more of them. */
  readonly endsWithinTransaction: boolean
}

/** As it was written. */
export interface NamedChange extends Omit<HistoryChange, 'end'> {
  /** commit LSN and ordinal: what names a change for ever. */
  readonly name: string
}

/**
 * Holds what processes wrote, one after the other, against what was committed: each must have written an unbroken piece
 * of the history that begins where a transaction begins, no later than behind everything that was written before. So
 * nothing is missing, nothing is added, everything is in commit order, and what comes again is a replay.
 */
export class LivesJudge {
  readonly problems: Problems = new Problems()
  readonly pieces: (Piece | null)[] = []
  readonly #history: readonly HistoryChange[]
  readonly #begins = new Map<number, number>()
  /** Of each change of the history, once it was written. */
  readonly #names: string[] = []
  #at = 0
  #from: number | null = null
  #isLost = false

  constructor(history: readonly HistoryChange[]) {
    this.#history = history
    for (const [i, { xid }] of history.entries()) if (!this.#begins.has(xid)) this.#begins.set(xid, i)
  }

  /** Changes of the history that were written so far: all up to here. */
  get written(): number {
    return this.#names.length
  }

  /** The next line of the process; true when it was not there before. */
  line({ xid, change, name }: NamedChange): boolean {
    if (this.#isLost) return false
    if (this.#from === null && !this.#begin(xid, change)) return false
    const expected = this.#history[this.#at]
    if (expected?.change !== change || expected.xid !== xid) {
      this.#lose(`process ${this.#process} wrote ${said(change, xid)}, but ${told(expected)} was next`)
      return false
    }
    const isNew = this.#at === this.#names.length
    if (isNew) this.#names.push(name)
    const known = this.#names[this.#at]
    this.problems.check(known === name, () => `${said(change, xid)} was called ${known!}, and then ${name}`)
    this.#at++
    return isNew
  }

  #begin(xid: number, change: Change): boolean {
    const begin = this.#begins.get(xid)
    if (begin === undefined) {
      this.#lose(`process ${this.#process} wrote ${said(change, xid)}, which was not committed`)
      return false
    }
    if (begin > this.written) {
      const missing = this.#history[this.written]
      this.#lose(
        `process ${this.#process} began with ${said(change, xid)}: ${begin - this.written} changes are missing, the first is ${told(missing)}`,
      )
      return false
    }
    this.#from = this.#at = begin
    return true
  }

  /** The process has ended. */
  end(): void {
    this.pieces.push(this.#piece())
    this.#from = null
    this.#isLost = false
  }

  #piece(): Piece | null {
    if (this.#from === null || this.#at === this.#from) return null
    const to = this.#at - 1
    const endsWithinTransaction = this.#history[to]!.xid === this.#history[to + 1]?.xid
    return { from: this.#from, to, endsWithinTransaction }
  }

  get #process(): number {
    return this.pieces.length + 1
  }

  #lose(problem: string): void {
    this.problems.add(problem)
    this.#isLost = true
  }
}

const said = (change: Change, xid: number): string => `"${change}" of transaction ${xid}`
const told = (change: HistoryChange | undefined): string =>
  change ? said(change.change, change.xid) : 'nothing'
