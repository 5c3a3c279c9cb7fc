import { setTimeout as pause } from 'node:timers/promises'
import { PgstreamError } from '../../errors.ts'
import type { OutputPlugin } from '../../wal/plugin-message.ts'
import type { BackfillStore } from './backfill-store.ts'
import type { BegunChunk } from './begun-chunk.ts'
import { ChunksAhead } from './chunks-ahead.ts'
import type { ChunkReader } from './chunk-reader.ts'
import type { ChunkRange } from './chunk-sql.ts'
import { placeOf, valuesOf } from './chunk-rows.ts'
import { chunkSql } from './chunk-sql.ts'
import type { Chunk } from './chunk.ts'
import { OlderWriters } from './older-writers.ts'
import { namingColumns, rowName } from './row-name.ts'
import type { StreamSide } from './stream-side.ts'
import type { TableFill } from './table-fill.ts'
import { orderSignature, readShape } from './table-shape.ts'
import type { TableShape } from './table-shape.ts'
import type { Traffic } from './traffic.ts'
import { watermarkText } from './watermark.ts'

/** What a chunk takes of memory until it is durable; a row that is larger goes alone. */
const mostBytes = 4 * 1024 * 1024
const mostKeys = 200
/** Longer than that, other tables go first. */
const waitMs = 500
const rowsPerPageUnknown = 50

/** Reads chunks: between two watermarks, in a snapshot that shows all that was committed before the first. */
export class Filler {
  readonly #reader: ChunkReader
  readonly #store: BackfillStore
  readonly #stream: StreamSide
  readonly #plugin: OutputPlugin
  readonly #wants: (schema: string, table: string) => boolean
  #marked: Promise<void> = Promise.resolve()
  readonly #ahead: ChunksAhead
  #sliced: Chunk | null = null

  constructor(options: {
    reader: ChunkReader
    store: BackfillStore
    stream: StreamSide
    plugin: OutputPlugin
    wants: (schema: string, table: string) => boolean
  }) {
    this.#reader = options.reader
    this.#store = options.store
    this.#stream = options.stream
    this.#plugin = options.plugin
    this.#wants = options.wants
    this.#ahead = new ChunksAhead(this.#stream, (chunk) => this.#begin(chunk))
  }

  /** Reads the next chunk of a table; gives it back when it has to wait for long. Begins some behind it meanwhile. */
  async next(table: TableFill, traffic: Traffic): Promise<BegunChunk | null> {
    const begun = await (this.#ahead.take(table) ?? this.#begin(this.#stream.begin(table)))
    const turnAt = performance.now()
    const isFree = await this.#isFree(begun)
    this.#ahead.waited(isFree ? performance.now() - turnAt : waitMs)
    if (!isFree) {
      this.#ahead.fill(table, traffic)
      return begun
    }
    const shape = begun.shape ?? (await this.#shapeOf(table))
    this.#ahead.fill(table, traffic)
    await this.#read({ ...begun, shape })
    return null
  }

  /** Every `high` so far is written. Rejects when one could not be: its chunk has no end. */
  get marked(): Promise<void> {
    return this.#marked
  }

  /** Chunks that are begun and not read yet. */
  get ahead(): number {
    return this.#ahead.count
  }

  async #begin(chunk: Chunk): Promise<BegunChunk> {
    const { client } = this.#reader
    const { table } = chunk
    await this.#reader.markLow(watermarkText(this.#stream.run, chunk.number, 'low'))
    const writers = await OlderWriters.of(client, table.oid)
    const since = performance.now()
    return { chunk, writers, since, shape: writers.areNone ? await this.#shapeOf(table) : null }
  }

  async #shapeOf(table: TableFill): Promise<TableShape> {
    const shape = await readShape(this.#reader.client, table.oid, this.#plugin, table.shape)
    if (shape === null) throw gone(table)
    table.shape = shape
    return shape
  }

  async #isFree({ writers, since }: BegunChunk): Promise<boolean> {
    for (let pauseMs = 1; !(await writers.haveEnded()); pauseMs = Math.min(50, pauseMs * 2)) {
      if (performance.now() - since > waitMs) return false
      await pause(pauseMs)
    }
    return true
  }

  /** Reads what had to wait, now that no older writer is left: its table may be another one by now. */
  async read(begun: BegunChunk): Promise<void> {
    const { chunk } = begun
    if (chunk.isOutdated) return this.#stream.drop(chunk)
    await this.#read({ ...begun, shape: await this.#shapeOf(chunk.table) })
  }

  async #read(begun: BegunChunk & { readonly shape: TableShape }): Promise<void> {
    await this.#readChunk(begun)
    // what is begun and never read would keep the table from its end
    if (begun.chunk.table.isRead) this.#ahead.drop()
  }

  async #readChunk({ chunk, shape }: BegunChunk & { readonly shape: TableShape }): Promise<void> {
    const { table } = chunk
    if (chunk.isOutdated) return this.#stream.drop(chunk)
    if (!(await this.#take(table, shape))) return this.#stream.drop(chunk)
    const range = rangeOf(table, shape, chunk, this.#stream.traffic.now)
    const { rows, isCut } = await this.#reader.read(chunkSql(shape, range), mostBytes)
    if (shape.order === null && (await this.#filenode(table.oid)) !== shape.filenode) {
      table.startOver()
      return this.#stream.drop(chunk)
    }
    if (chunk.isOutdated) return this.#stream.drop(chunk)
    const last = rows.last && placeOf(rows.last, shape)
    if ('limit' in range) {
      table.isRead = !isCut && rows.count < range.limit
      if (last === undefined) return this.#stream.drop(chunk)
      table.place = chunk.place = last
    } else if ('behind' in range) {
      table.place = chunk.place = isCut && last ? last : [`(${range.toPage},0)`]
      table.isRead = !isCut && range.toPage >= (table.lastPage ?? 0)
    } else if (isCut) {
      // in no order: what was read tells what is still to be read
      const naming = namingColumns(shape.relation)
      chunk.again = [...valuesOf({ shape, rows })].map((values) => rowName(values, naming))
    }
    chunk.wasRead({ shape, rows })
    await this.mark(chunk)
  }

  /** The chunk of which there are rows that no `high` stands for. */
  get sliced(): Chunk | null {
    const chunk = this.#sliced
    if (chunk?.isOutdated) {
      this.#stream.drop(chunk)
      this.#sliced = null
    }
    return this.#sliced
  }

  /**
   * Writes a `high` for what is left of a chunk: for a part of it where others are in a hurry. What is read at once, with all
   * that goes with a chunk, holds up nobody: its rows do, on their way through the stream.
   */
  async mark(chunk: Chunk): Promise<void> {
    await this.#marked
    if (chunk.isOutdated) return this.#stream.drop(chunk)
    chunk.mark(canBeSliced(chunk) ? chunk.table.pace.rowsAtOnce(this.#stream.traffic.now) : Infinity)
    this.#sliced = chunk.hasUnmarked ? chunk : null
    this.#marked = this.#reader.markHigh(watermarkText(this.#stream.run, chunk.number, 'high'))
    this.#marked.catch(() => undefined) // told to who waits for it
  }

  /** False when it is not to be read, or not from where it was. */
  async #take(table: TableFill, shape: TableShape): Promise<boolean> {
    const { schema, table: name } = shape.relation
    table.schema = schema
    table.table = name
    table.estimatedRows = shape.estimatedRows
    if (!this.#wants(schema, name)) throw unwanted(table)
    const signature = orderSignature(shape)
    const isOther = table.orderedBy !== null && table.orderedBy !== signature
    table.orderedBy = signature
    if (isOther) table.startOver()
    table.lastPage ??= shape.pages
    if (!table.isClaimed) {
      const estimate = shape.estimatedRows
      if (!(await this.#store.claim(table, { schema, table: name, estimate }))) {
        this.#stream.tables.delete(table.oid)
        return false
      }
      table.isClaimed = true
    }
    return !isOther
  }

  async #filenode(oid: number): Promise<string> {
    const { rows } = await this.#reader.client.query<{ filenode: string }>(
      'select pg_relation_filenode($1::oid)::text as filenode',
      [oid],
    )
    return rows[0]?.filenode ?? ''
  }
}

/** Rows in the order of a key: of others it is not known where one of several parts ends, and which of two twins lies in it. */
const canBeSliced = ({ rows, place }: Chunk): boolean => place !== undefined && rows?.shape.order !== null

function rangeOf(table: TableFill, shape: TableShape, chunk: Chunk, traffic: Traffic): ChunkRange {
  const holes = table.isRead || table.holes.waiting.length >= mostKeys ? table.holes.waiting : []
  if (holes.length > 0 && shape.identity !== null) {
    const some = holes.slice(0, Math.min(mostKeys, table.pace.rows))
    chunk.again = some.map(({ name }) => name)
    return { keys: some.map(({ key }) => key) }
  }
  if (shape.order !== null) return { after: table.place, limit: table.pace.rowsToRead(traffic) }
  const behind = table.place?.[0] ?? '(0,0)'
  const rowsPerPage =
    shape.pages > 0 && shape.estimatedRows ? shape.estimatedRows / shape.pages : rowsPerPageUnknown
  const fromPage = Number(/\d+/.exec(behind)?.[0] ?? 0)
  return { behind, toPage: fromPage + Math.max(1, Math.round(table.pace.rows / rowsPerPage)) }
}

const gone = ({ name }: TableFill): PgstreamError =>
  new PgstreamError('PGSTREAM_BACKFILL_TABLE', `The table ${name} is gone.`, {
    remedy: 'Nothing is to be done: what was dropped has no rows.',
  })

const unwanted = ({ name }: TableFill): PgstreamError =>
  new PgstreamError('PGSTREAM_BACKFILL_TABLE', `The filter lets no row of ${name} pass.`, {
    remedy: 'Include the table in the filter of pgstream run, or do not backfill it.',
  })
