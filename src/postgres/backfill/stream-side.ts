import { randomBytes } from 'node:crypto'
import type { Carried } from '../../pipeline/confirming-writable.ts'
import type { CommitEvent, MessageEvent } from '../../wal/event.ts'
import type { AddedRow } from '../companion.ts'
import { insertsOf, placeOf, valuesOf } from './chunk-rows.ts'
import type { ChunkRows, ReadRow } from './chunk-rows.ts'
import { Chunk } from './chunk.ts'
import { namingColumns, rowName } from './row-name.ts'
import type { TableFill } from './table-fill.ts'
import type { TableShape } from './table-shape.ts'
import { asOld, asWhole, withHole } from './touches.ts'
import { TrafficCounter } from './traffic.ts'
import { isBackfillMessage, lookAgain, readWatermark } from './watermark.ts'

/** In place of a message that nobody else is to see. */
const nothing = (): Iterator<AddedRow> => [][Symbol.iterator]()

/** Identical rows that others keep changing are not waited for longer than that. */
const mostFailures = 30

/** What one `high` stood for, and what of it was not touched. */
interface HandedOnSlice {
  readonly shape: TableShape
  readonly high: MessageEvent
  readonly last: Buffer | null
  readonly startedAt: number
  readonly seen: number
  readonly rows: number
  readonly bytes: number
}

/**
 * The part of a backfill that stands in the stream: sees what happens to its tables between two watermarks, and puts the
 * rows that were read meanwhile, and that nobody touched, where the second one stands.
 */
export class StreamSide {
  /** Tells our watermarks from those of others, and of processes before this one. */
  readonly run: string = randomBytes(12).toString('base64url')
  readonly traffic: TrafficCounter = new TrafficCounter()
  readonly tables: Map<number, TableFill> = new Map<number, TableFill>()
  readonly #chunks = new Map<number, Chunk>()
  readonly #on: { readonly look: () => void; readonly moved: () => void }
  #number = 0

  /** `look`: somebody asked for a backfill, or cancelled one; `moved`: a chunk came to its end, of either kind. */
  constructor(on: { look: () => void; moved: () => void }) {
    this.#on = on
  }

  /** Chunks whose end is still to come. */
  get open(): number {
    return this.#chunks.size
  }

  /** To be called before its first watermark is written. */
  begin(table: TableFill): Chunk {
    const chunk = new Chunk(++this.#number, table)
    this.#chunks.set(chunk.number, chunk)
    return chunk
  }

  /** It will have no end. */
  drop(chunk: Chunk): void {
    this.#chunks.delete(chunk.number)
    chunk.table.close(chunk.window)
  }

  /** Drops those of a table: it goes on from where it was handed on. */
  dropTable(table: TableFill): void {
    for (const chunk of this.#chunks.values()) if (chunk.table === table) this.#chunks.delete(chunk.number)
    table.goBack()
  }

  /** Drops all that are open: whoever wrote their watermarks is gone. */
  dropAll(): void {
    for (const chunk of this.#chunks.values()) if (!chunk.isOutdated) chunk.table.goBack()
    this.#chunks.clear()
  }

  see(event: Carried | CommitEvent, printed: boolean): Iterator<AddedRow> | null {
    if (isBackfillMessage(event)) return this.#mark(event, printed)
    // also before there is anything to fill: a backfill that begins has to know
    if (event.kind !== 'commit') this.traffic.count()
    if (this.tables.size === 0) return null
    switch (event.kind) {
      case 'insert':
      case 'update':
      case 'delete':
      case 'truncate':
        this.tables.get(event.relation.oid)?.note(event)
        return null
      case 'schema-change':
        for (const table of this.tables.values()) table.noteSchemaChange(event)
        return null
      default:
        return null
    }
  }

  #mark(event: MessageEvent, printed: boolean): Iterator<AddedRow> {
    const mark = readWatermark(event.content)
    const chunk = mark?.run === this.run ? this.#chunks.get(mark.chunk) : undefined
    if (!mark || !chunk) {
      if (event.content.equals(lookAgainBytes)) this.#on.look()
      return nothing()
    }
    if (mark.edge === 'low') {
      chunk.window.open(event.lsn)
      return nothing()
    }
    if (event.lsn <= chunk.handedOnAt) return nothing()
    chunk.handedOnAt = event.lsn
    const { table, window, rows } = chunk
    if (!chunk.isOutdated && window.low !== null && rows !== null && !window.spoiled) {
      if (!hasTouchedTwin(chunk, rows)) {
        const place = { commitLsn: event.commitLsn, lsn: window.low, time: mark.time }
        return this.#handOn(chunk, rows.shape, event, insertsOf(chunk.take(), rows.shape, place, printed))
      }
      table.pace.tooLarge(rows.rows.count)
    }
    this.drop(chunk)
    if (!chunk.isOutdated) {
      if (window.spoiled === 'too much changed') table.pace.tooLarge(rows?.rows.count ?? 0)
      table.goBack()
    }
    this.#on.moved()
    return nothing()
  }

  *#handOn(
    chunk: Chunk,
    shape: TableShape,
    high: MessageEvent,
    inserts: Iterable<ReadRow>,
  ): Generator<AddedRow, undefined> {
    const { table, window } = chunk
    const startedAt = performance.now()
    const naming = namingColumns(shape.relation)
    const hasTwins = shape.order === null
    const count = { seen: 0, rows: 0, bytes: 0 }
    let last: Buffer | null = null
    for (const { event, bytes, row } of inserts) {
      count.seen++
      last = row
      if (window.isEmptied) continue
      const touch = window.isTouched ? window.touch(rowName(event.values, naming)) : 0
      if (isHole(touch)) table.noteHole(event.values, naming, high.commitLsn)
      // it waits for room between two rows, and nobody knows any more what was touched
      if (chunk.isOutdated) break
      if (touch !== 0 && !(hasTwins && touch === asWhole)) continue
      count.rows++
      count.bytes += bytes
      yield { event, bytes }
    }
    this.#wasHandedOn(chunk, { shape, high, last, startedAt, ...count })
    return undefined
  }

  #wasHandedOn(chunk: Chunk, slice: HandedOnSlice): void {
    const { table, window } = chunk
    const { shape, high, last, startedAt, seen, rows, bytes } = slice
    const isWhole = !chunk.isOutdated
    const isLast = !chunk.hasUnmarked && !chunk.isMarked
    if (isWhole) {
      // not sooner: whoever stops in the middle has not handed on the rest
      for (const name of chunk.again) if (!isHole(window.touch(name))) table.holes.filled(name, high.lsn)
      table.pace.handedOn(seen, performance.now() - startedAt, this.traffic.now)
    }
    const place = isLast || !last ? chunk.place : placeOf(last, shape)
    if (isLast || !isWhole) this.drop(chunk)
    const isScan = isWhole && place !== undefined
    table.handedOn({ lsn: high.lsn, place: place ?? null, rows, bytes, isWhole, isScan, startedAt })
    this.#on.moved()
  }
}

const lookAgainBytes = Buffer.from(lookAgain)

/** Whoever got only what the stream said of it may lack a large value. */
const isHole = (touch: number): boolean => (touch & withHole) !== 0 && (touch & asWhole) === 0

/**
 * Of two rows that are the same in every column, the stream does not say which was changed: what was read must be without
 * either, or with both.
 */
function hasTouchedTwin({ table, window }: Chunk, rows: ChunkRows): boolean {
  const { shape } = rows
  if (shape.order !== null || !window.isTouched || window.isEmptied || table.failures >= mostFailures)
    return false
  const naming = namingColumns(shape.relation)
  for (const values of valuesOf(rows)) {
    if ((window.touch(rowName(values, naming)) & asOld) !== 0) return true
  }
  return false
}
