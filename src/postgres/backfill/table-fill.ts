import type { RowEvent, SchemaChangeEvent } from '../../wal/event.ts'
import type { Lsn } from '../../wal/lsn.ts'
import { unchangedToast } from '../../wal/value.ts'
import type { Row } from '../../wal/value.ts'
import type { ChunkWindow } from './chunk-window.ts'
import { Pace } from './pace.ts'
import { HoleList } from './hole-list.ts'
import type { Hole } from './hole-list.ts'
import { namingColumns, rowName } from './row-name.ts'
import type { TableShape } from './table-shape.ts'
import { asOld, asWhole, Touches, withHole } from './touches.ts'
import type { Traffic } from './traffic.ts'

/** How far a table is read: behind a key, or up to a page; null: nothing yet. */
export type Place = readonly string[] | null

/** A table as `pgstream.backfills` has it. */
export interface StoredFill {
  readonly oid: number
  /** When it was asked for, as Postgres prints it: tells it from the same table, asked for once more. */
  readonly requestedAt: string
  readonly schema: string
  readonly table: string
  /** What `lastKey` is a place in. */
  readonly orderedBy: string | null
  readonly lastKey: Place
  readonly again: readonly (readonly string[])[]
  readonly rows: number
  readonly bytes: number
}

/** What becomes true once the stream is durable up to `lsn`. */
interface HandedOn {
  readonly lsn: Lsn
  readonly place: Place
  readonly rows: number
  readonly bytes: number
  readonly startedAt: number
}

/** What is worth writing down. */
export interface Progress {
  readonly orderedBy: string | null
  readonly lastKey: Place
  readonly holes: readonly Hole[]
  /** How many times it was started over by then. */
  readonly startedOver: number
  readonly rows: number
  readonly bytes: number
  readonly isDone: boolean
}

/**
 * One table on its way through the stream: how far it is read, handed on, and durable. Chunks are read ahead; when one
 * turns out to be of no use, all that were read behind it are, too.
 */
export class TableFill {
  readonly oid: number
  readonly requestedAt: string
  readonly pace: Pace
  readonly holes: HoleList
  readonly windows: Set<ChunkWindow> = new Set<ChunkWindow>()
  readonly touches: Touches = new Touches()
  schema: string
  table: string
  orderedBy: string | null
  /** Where the next chunk begins. */
  place: Place
  /** The next chunk would have no rows. */
  isRead = false
  /** Up to which page it is read, where there is no key: rows that are added behind come by in the stream. */
  lastPage: number | null = null
  isClaimed = false
  /** As its last chunk saw it. */
  shape: TableShape | null = null
  /** Its end is written down, or about to be. */
  isFinished = false
  estimatedRows: number | null = null
  readonly startedAt: number = performance.now()
  /** Counts what was read in vain: chunks of an earlier count are of no use. */
  attempt = 0
  /** How many times in a row it was. */
  failures = 0
  #handedOnTo: Place
  #handedOn: HandedOn[] = []
  #durable: { place: Place; rows: number; bytes: number }
  /** How many times it was started over: a place further back than what is written down. In all, to be written, written. */
  #startedOver = { made: 0, taken: 0, written: 0 }

  constructor(stored: StoredFill, mostRows?: number) {
    this.pace = new Pace(mostRows)
    this.oid = stored.oid
    this.requestedAt = stored.requestedAt
    this.schema = stored.schema
    this.table = stored.table
    this.orderedBy = stored.orderedBy
    this.place = stored.lastKey
    this.#handedOnTo = stored.lastKey
    this.#durable = { place: stored.lastKey, rows: stored.rows, bytes: stored.bytes }
    this.holes = new HoleList(stored.again)
  }

  /** For people: `public.users`. */
  get name(): string {
    return `${this.schema}.${this.table}`
  }

  get rows(): number {
    return this.#durable.rows
  }

  /** Chunks whose rows are on their way to the destination. */
  get underway(): number {
    return this.#handedOn.length
  }

  /** There are rows that can be read now. */
  get hasMore(): boolean {
    return !this.isRead || (this.holes.hasWaiting && this.windows.size === 0)
  }

  /** Nothing is left to be read or handed on. */
  get #isHandedOn(): boolean {
    return this.isRead && this.windows.size === 0 && !this.holes.hasWaiting
  }

  /** What the stream says of it. */
  note(event: RowEvent): void {
    if (event.kind === 'truncate') {
      for (const window of this.windows) window.empty()
      return
    }
    const hasHole = event.kind === 'update' && event.values.includes(unchangedToast)
    const isAsked = this.windows.size > 0
    if (!isAsked && !hasHole) return
    const columns = namingColumns(event.relation)
    const old = event.kind === 'insert' || event.old === null ? null : rowName(event.old, columns)
    const now = event.kind === 'delete' ? null : rowName(event.values, columns)
    const isMovedWithHole = hasHole && old !== null && old !== now
    if (isAsked) {
      if (old !== null) this.touches.note(old, asOld)
      if (now !== null) this.touches.note(now, hasHole ? withHole : asWhole, isMovedWithHole)
      if (this.touches.areTooMany) this.#forgetTouches()
    }
    // its key changed, to one that may be in what was read
    if (isMovedWithHole) this.noteHole(event.values, columns, event.commitLsn)
  }

  /** The window is closed. */
  close(window: ChunkWindow): void {
    this.windows.delete(window)
    if (this.windows.size === 0) this.touches.clear()
  }

  /** Those that no window asks for any more; where too many are asked for, the windows are given up. */
  #forgetTouches(): void {
    this.touches.forget(Math.min(...[...this.windows].map(({ since }) => since)))
    if (!this.touches.areMany) return
    for (const window of this.windows) window.spoil('too much changed')
    this.touches.clear()
  }

  /** A row that the destination may not have as a whole: it is read again. */
  noteHole(values: Row, columns: readonly number[], since: Lsn): void {
    if (!this.holes.add(rowName(values, columns), values, columns, since)) this.startOver()
  }

  /** The stream tells that the table, or one with its name, was altered. */
  noteSchemaChange({ entry: { schemaName, schema } }: SchemaChangeEvent): void {
    const isMeant =
      schema.tables.some(({ oid }) => Number(oid) === this.oid) ||
      schema.dropped_tables.some(({ oid }) => Number(oid) === this.oid) ||
      (schema.dropped === true && schemaName === this.schema) ||
      schema.renamed_from === this.schema
    if (isMeant) for (const window of this.windows) window.spoil('altered')
  }

  /** `isWhole`: nothing of it is to be read again; `isScan`: the next one begins behind it. */
  handedOn(chunk: HandedOn & { readonly isWhole: boolean; readonly isScan: boolean }): void {
    if (chunk.isWhole) this.failures = 0
    if (chunk.isScan) this.#handedOnTo = chunk.place
    this.#handedOn.push({ ...chunk, place: this.#handedOnTo })
  }

  /** What was read ahead is of no use: it is read again from where it was handed on. */
  goBack(): void {
    this.attempt++
    this.failures++
    this.windows.clear()
    this.touches.clear()
    this.isRead = false
    this.place = this.#handedOnTo
  }

  /** From its first row: a place in it means nothing any more, or too many rows would have to be remembered. */
  startOver(): void {
    this.#handedOnTo = null
    this.lastPage = null // of another file, maybe
    this.holes.clear()
    this.goBack()
    this.#startedOver.made++
    this.#handedOn = this.#handedOn.map((chunk) => ({ ...chunk, place: null }))
    this.#durable = { ...this.#durable, place: null }
  }

  /**
   * What is to be written down when the stream is durable up to `lsn`; null when that is nothing new. Once it is written,
   * `wasWritten` is to be told.
   */
  durable(lsn: Lsn, traffic: Traffic): Progress | null {
    if (this.isFinished) return null
    let last: HandedOn | undefined
    for (; this.#handedOn[0] && this.#handedOn[0].lsn <= lsn; this.#handedOn.shift()) {
      last = this.#handedOn[0]
      this.#durable = {
        place: last.place,
        rows: this.#durable.rows + last.rows,
        bytes: this.#durable.bytes + last.bytes,
      }
      this.pace.durable(last.rows, performance.now() - last.startedAt, traffic)
    }
    const { made, taken } = this.#startedOver
    const hasFewer = this.holes.durable(lsn)
    const isNew = hasFewer || this.holes.hasUntaken(lsn) || last !== undefined || made > taken
    const isDone = this.#isHandedOn && this.#handedOn.length === 0 && this.holes.isEmpty
    this.isFinished = isDone
    return isNew || isDone ? this.#progress(isDone) : null
  }

  /** Something was found wanting before `lsn` and is not written down: the stream must not be confirmed so far before it is. */
  hasUnwritten(lsn: Lsn): boolean {
    const { made, written } = this.#startedOver
    return !this.isFinished && (made > written || this.holes.hasUnwritten(lsn))
  }

  wasWritten({ holes, startedOver }: Progress): void {
    this.holes.wereWritten(holes)
    this.#startedOver.written = startedOver
  }

  #progress(isDone: boolean): Progress {
    const { place, rows, bytes } = this.#durable
    const startedOver = (this.#startedOver.taken = this.#startedOver.made)
    const holes = this.holes.take()
    return { orderedBy: this.orderedBy, lastKey: place, holes, startedOver, rows, bytes, isDone }
  }
}
