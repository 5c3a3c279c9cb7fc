/** A change in a few words, the same from whoever tells of it: `insert public.shared 17`. */
export type Change = string

/** What the writers know of their transactions, by the 32 bits of their ids that the WAL has. */
export class Journal {
  readonly committed = new Map<number, readonly Change[]>()
  readonly rolledBack = new Set<number>()
  #total = 0
  /** How many changes were committed up to the end of each transaction. */
  readonly #totals = new Map<number, number>()

  commit(xid: string, changes: readonly Change[]): void {
    this.#total += changes.length
    this.committed.set(shortXid(xid), changes)
    this.#totals.set(shortXid(xid), this.#total)
  }

  rollBack(xid: string | null): void {
    if (xid !== null) this.rolledBack.add(shortXid(xid))
  }

  /** Changes committed after this transaction; of one that is not known yet, none. */
  changesSince(xid: number | null): number {
    return this.#total - (xid === null ? 0 : (this.#totals.get(xid) ?? this.#total))
  }
}

const shortXid = (xid: string): number => Number(BigInt(xid) & 0xffffffffn)
