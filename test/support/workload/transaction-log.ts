import type { RowKind, Step } from './step.ts'

export type RowCounts = Readonly<Record<RowKind, number>>

/** What became of the transactions whose ids are known, by their 32-bit ids. */
export interface Transactions {
  /** How many rows they changed, as Postgres counted; null where it did not say. */
  readonly committed: ReadonlyMap<number, RowCounts | null>
  readonly rolledBack: ReadonlySet<number>
}

interface Open {
  counts: RowCounts | null
  savepoints: { readonly name: string; readonly counts: RowCounts | null }[]
  failed: boolean
  xid: number | null
}

const none: RowCounts = { insert: 0, update: 0, delete: 0 }

/** As the WAL has it. */
const shortXid = (xid: string): number => Number(BigInt(xid) & 0xffffffffn)

/** Counts what each transaction changed, savepoints considered, from what Postgres answers to its statements. */
export class TransactionLog {
  readonly #open = new Map<number, Open>()
  readonly #committed = new Map<number, RowCounts | null>()
  readonly #rolledBack = new Set<number>()

  get ended(): Transactions {
    return { committed: this.#committed, rolledBack: this.#rolledBack }
  }

  /** Statements of the session can be run in its transaction. */
  isOpen(session: number): boolean {
    return this.#open.get(session)?.failed === false
  }

  isIdle(session: number): boolean {
    return !this.#open.has(session)
  }

  xid(session: number, xid: string | null): void {
    const open = this.#open.get(session)
    if (open && xid !== null) open.xid = shortXid(xid)
  }

  /** A statement that was a whole transaction. */
  alone(xid: string | null, kind: RowKind, count: number): void {
    if (xid !== null) this.#committed.set(shortXid(xid), { ...none, [kind]: count })
  }

  failed(session: number): void {
    const open = this.#open.get(session)
    if (open) open.failed = true
  }

  note({ session, control, rows, sql }: Step, command: string, rowCount: number): void {
    if (control === 'begin') {
      this.#open.set(session, { counts: none, savepoints: [], failed: false, xid: null })
      return
    }
    const open = this.#open.get(session)
    if (!open) return
    const name = sql.split(' ').at(-1)!
    const at = open.savepoints.findLastIndex((savepoint) => savepoint.name === name)
    switch (control) {
      case 'savepoint':
        open.savepoints.push({ name, counts: open.counts })
        break
      case 'release':
        open.savepoints.splice(at)
        break
      case 'rollback to':
        open.counts = open.savepoints[at]?.counts ?? open.counts
        open.savepoints.splice(at + 1)
        open.failed = false
        break
      case 'prepare':
        break
      case 'commit':
      case 'rollback':
        this.#open.delete(session)
        if (open.xid === null) return
        if (command.startsWith('COMMIT')) this.#committed.set(open.xid, open.counts)
        else this.#rolledBack.add(open.xid)
        break
      case undefined:
        if (rows === 'unknown') open.counts = null
        else if (rows && open.counts) open.counts = { ...open.counts, [rows]: open.counts[rows] + rowCount }
    }
  }
}
