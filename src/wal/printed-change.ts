import type { ChangeEvent, DeleteEvent, InsertEvent, Translation, UpdateEvent } from './event.ts'
import type { Lsn } from './lsn.ts'
import type { Relation } from './relation.ts'
import type { Row, Value } from './value.ts'
import type { ValueKind } from './value-kind.ts'

/** Rows of one shape, and how their texts become values. */
export interface PrintedTable {
  readonly relation: Relation
  readonly kinds: readonly ValueKind[]
}

/** Makes values of what Postgres printed. Throws PGSTREAM_PROTOCOL for what it prints for no value of the type. */
export interface PrintDecoder {
  /** Of the row at `at`. */
  row(kinds: readonly ValueKind[], bytes: Buffer, at: number): Row
  value(kind: ValueKind, bytes: Buffer, start: number, end: number): Value
}

/** What a change knows of its transaction. */
type TransactionPlace = Pick<ChangeEvent, 'commitLsn' | 'xid' | 'commitTime'>

/** In place of a row that is not there. */
export const noTuple = -1

/**
 * A change whose values are made when somebody asks for them: most go on as JSON, and that is what Postgres printed with
 * something around it (test/bench/README.md). `values` and `old` are not properties of the object itself, so that a copy
 * (`{ ...event }`) lacks them: only stages and sinks that say so get such events (`takesPrinted`).
 *
 * One class for all three kinds, so that whoever reads them sees objects of one shape.
 */
export class PrintedChange {
  readonly kind: 'insert' | 'update' | 'delete'
  readonly relation: Relation
  readonly commitLsn: Lsn
  readonly ordinal: number
  readonly lsn: Lsn
  readonly xid: number
  readonly commitTime: number
  readonly position: null
  readonly translation: Translation | null
  /** Of a row that a backfill read: an insert. */
  readonly snapshot: true | undefined
  readonly table: PrintedTable
  readonly decoder: PrintDecoder
  /** Nobody writes to them any more. */
  readonly bytes: Buffer
  /**
   * Where the new row is, in one of the two forms of `printed-value.ts`: its lengths are right, and it has a value for
   * every column.
   */
  readonly newAt: number
  /** The same of the old row. */
  readonly oldAt: number
  #values: Row | null
  #old: Row | null

  constructor(
    kind: PrintedChange['kind'],
    table: PrintedTable,
    decoder: PrintDecoder,
    transaction: TransactionPlace,
    ordinal: number,
    lsn: Lsn,
    bytes: Buffer,
    newAt: number,
    oldAt: number,
    snapshot?: true,
  ) {
    this.kind = kind
    this.relation = table.relation
    this.commitLsn = transaction.commitLsn
    this.ordinal = ordinal
    this.lsn = lsn
    this.xid = transaction.xid
    this.commitTime = transaction.commitTime
    this.position = null
    this.translation = null
    this.snapshot = snapshot
    this.table = table
    this.decoder = decoder
    this.bytes = bytes
    this.newAt = newAt
    this.oldAt = oldAt
    this.#values = null
    this.#old = null
  }

  get values(): Row {
    this.#values ??= this.decoder.row(this.table.kinds, this.bytes, this.newAt)
    return this.#values
  }

  get old(): Row | null {
    if (this.oldAt !== noTuple) this.#old ??= this.decoder.row(this.table.kinds, this.bytes, this.oldAt)
    return this.#old
  }

  /** What it is to whoever reads it. */
  get event(): InsertEvent | UpdateEvent | DeleteEvent {
    return this as unknown as InsertEvent | UpdateEvent | DeleteEvent
  }
}
