import { setTimeout as pause } from 'node:timers/promises'
import { PgstreamError } from '../../errors.ts'
import type { OutputPlugin } from '../../wal/plugin-message.ts'
import type { BackfillStore } from './backfill-store.ts'
import type { ChunkReader } from './chunk-reader.ts'
import type { ChunkRange } from './chunk-sql.ts'
import { valuesOf } from './chunk-rows.ts'
import { chunkSql } from './chunk-sql.ts'
import type { Chunk } from './chunk.ts'
import { OlderWriters } from './older-writers.ts'
import { namingColumns, rowName, valueText } from './row-name.ts'
import type { StreamSide } from './stream-side.ts'
import type { TableFill } from './table-fill.ts'
import { orderSignature, readShape } from './table-shape.ts'
import type { TableShape } from './table-shape.ts'
import { watermarkText } from './watermark.ts'

/** A chunk that waits for writers that were there before it. */
export interface BlockedChunk {
  readonly chunk: Chunk
  readonly writers: OlderWriters
  readonly since: number
}

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
  }

  /** Reads the next chunk of a table; gives it back when it has to wait for long. */
  async next(table: TableFill): Promise<BlockedChunk | null> {
    const chunk = this.#stream.begin(table)
    await this.#reader.markLow(watermarkText(this.#stream.run, chunk.number, 'low'))
    const writers = await OlderWriters.of(this.#reader.client, table.oid)
    const since = performance.now()
    for (let pauseMs = 1; !(await writers.haveEnded()); pauseMs = Math.min(50, pauseMs * 2)) {
      if (performance.now() - since > waitMs) return { chunk, writers, since }
      await pause(pauseMs)
    }
    await this.read(chunk)
    return null
  }

  /** Reads it now that no older writer is left. */
  async read(chunk: Chunk): Promise<void> {
    const { table } = chunk
    if (chunk.isOutdated) return this.#stream.drop(chunk)
    const shape = await readShape(this.#reader.client, table.oid, this.#plugin, table.shape)
    if (shape === null) throw gone(table)
    table.shape = shape
    if (!(await this.#take(table, shape))) return this.#stream.drop(chunk)
    const range = rangeOf(table, shape, chunk)
    const { lines, isCut } = await this.#reader.copy(chunkSql(shape, range), mostBytes)
    if (shape.order === null && (await this.#filenode(table.oid)) !== shape.filenode) {
      table.startOver()
      return this.#stream.drop(chunk)
    }
    if (chunk.isOutdated) return this.#stream.drop(chunk)
    const last = lines.last(shape.kinds)
    if ('limit' in range) {
      table.isRead = !isCut && lines.rows < range.limit
      if (last === undefined) return this.#stream.drop(chunk)
      table.place = chunk.place = shape.order!.map(({ at }) => valueText(last[at]!) ?? '')
    } else if ('behind' in range) {
      table.place = chunk.place = [isCut ? String(last?.at(-1)) : `(${range.toPage},0)`]
      table.isRead = !isCut && range.toPage >= (table.lastPage ?? 0)
    } else if (isCut) {
      // in no order: what was read tells what is still to be read
      const naming = namingColumns(shape.relation)
      chunk.again = [...valuesOf({ shape, lines })].map((values) => rowName(values, naming))
    }
    chunk.window.rows = { shape, lines }
    await this.#reader.markHigh(watermarkText(this.#stream.run, chunk.number, 'high'))
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
      if (!(await this.#store.claim(table.oid, { schema, table: name, estimate }))) {
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

function rangeOf(table: TableFill, shape: TableShape, chunk: Chunk): ChunkRange {
  const holes = table.isRead || table.holes.waiting.length >= mostKeys ? table.holes.waiting : []
  if (holes.length > 0 && shape.identity !== null) {
    const some = holes.slice(0, Math.min(mostKeys, table.pace.rows))
    chunk.again = some.map(({ name }) => name)
    return { keys: some.map(({ key }) => key) }
  }
  if (shape.order !== null) return { after: table.place, limit: table.pace.rows }
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
