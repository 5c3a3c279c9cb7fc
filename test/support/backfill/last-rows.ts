import { Writable } from 'node:stream'
import type { InsertEvent, RowEvent, WalEvent } from '../../../src/wal/event.ts'
import { rowObject } from '../../../src/wal/row-object.ts'
import { unchangedToast } from '../../../src/wal/value.ts'
import type { Row, Value } from '../../../src/wal/value.ts'
import type { Relation } from '../../../src/wal/relation.ts'

type Columns = Readonly<Record<string, Value>>

interface Versioned {
  readonly lsn: bigint
  readonly row: Columns | null
}

const isSnapshot = (event: WalEvent): event is InsertEvent =>
  event.kind === 'insert' && event.snapshot === true

/**
 * A destination that keeps the last state of each row of one table, in two ways: as it comes, which is what Kafka shows, and
 * as versions allow, which is what a search index does. A value that was left out is taken from what is there.
 */
export class LastRows {
  readonly #table: string
  readonly #key: string
  readonly #rows = new Map<Value, Columns>()
  readonly #versions = new Map<Value, Versioned>()
  /** What each snapshot row was, as it came. */
  readonly snapshots: Columns[] = []

  constructor(table: string, key = 'id') {
    this.#table = table
    this.#key = key
  }

  take(event: WalEvent): void {
    if (!('relation' in event) || event.relation.table !== this.#table || event.kind === 'schema-change')
      return
    if (isSnapshot(event)) this.snapshots.push(rowObject(event.relation, event.values))
    if (event.kind === 'truncate') {
      this.#rows.clear()
      for (const [key, { lsn }] of this.#versions) if (lsn < event.lsn) this.#put(key, event.lsn, null)
      return
    }
    this.#change(event)
  }

  #change(event: Exclude<RowEvent, { kind: 'truncate' }>): void {
    const { relation, lsn } = event
    const gone = event.kind === 'insert' ? null : event.old
    const goneKey = gone && this.#keyOf(relation, gone)
    if (event.kind === 'delete') {
      this.#rows.delete(goneKey)
      return this.#put(goneKey, lsn, null)
    }
    const key = this.#keyOf(relation, event.values)
    const from = goneKey ?? key
    const whole = (before: Columns | null | undefined): Columns =>
      rowObject(
        relation,
        event.values.map((value, i) =>
          value === unchangedToast ? (before?.[relation.columns[i]!.name] ?? unchangedToast) : value,
        ),
      )
    const asItComes = whole(this.#rows.get(from))
    const versioned = whole(this.#versions.get(from)?.row)
    if (goneKey !== null && goneKey !== key) {
      this.#rows.delete(goneKey)
      this.#put(goneKey, lsn, null)
    }
    this.#rows.set(key, asItComes)
    this.#put(key, lsn, versioned)
  }

  #put(key: Value, lsn: bigint, row: Columns | null): void {
    const before = this.#versions.get(key)
    if (!before || before.lsn <= lsn) this.#versions.set(key, { lsn, row })
  }

  #keyOf(relation: Relation, row: Row): Value {
    return row[relation.columns.findIndex(({ name }) => name === this.#key)]!
  }

  /** The rows by their keys, in the way of Kafka and in that of a search index. */
  get both(): readonly [Map<Value, Columns>, Map<Value, Columns>] {
    const live = [...this.#versions].flatMap(([key, { row }]) => (row ? [[key, row] as const] : []))
    return [this.#rows, new Map(live)]
  }

  /** An end of a stream; waits for `before` ahead of each event. */
  writable(before: (event: WalEvent) => Promise<void> | undefined = () => undefined): Writable {
    return new Writable({
      objectMode: true,
      highWaterMark: 1,
      write: (event: WalEvent, _encoding, callback) => {
        const take = (): void => {
          this.take(event)
          callback()
        }
        const waiting = before(event)
        if (waiting) waiting.then(take, callback)
        else take()
      },
    })
  }
}

/** Waits, at the first row that a backfill puts into the stream, until it is let go. */
export class FirstSnapshot {
  readonly #release: () => void
  readonly #arrive: () => void
  readonly #released: Promise<void>
  readonly arrived: Promise<void>
  #isOver = false

  constructor() {
    let release!: () => void
    let arrive!: () => void
    this.#released = new Promise((resolve) => (release = resolve))
    this.arrived = new Promise((resolve) => (arrive = resolve))
    this.#release = release
    this.#arrive = arrive
  }

  readonly hold = (event: WalEvent): Promise<void> | undefined => {
    if (this.#isOver || !isSnapshot(event)) return undefined
    this.#isOver = true
    this.#arrive()
    return this.#released
  }

  letGo(): void {
    this.#release()
  }
}
