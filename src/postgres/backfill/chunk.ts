import { noLsn } from '../../wal/lsn.ts'
import type { Lsn } from '../../wal/lsn.ts'
import type { ChunkRows } from './chunk-rows.ts'
import { ChunkWindow } from './chunk-window.ts'
import type { Place, TableFill } from './table-fill.ts'

/** Some rows of a table on their way into the stream. */
export class Chunk {
  readonly number: number
  readonly table: TableFill
  readonly window: ChunkWindow
  readonly attempt: number
  /** Where the scan goes on behind it; undefined for rows that are read again, out of order. */
  place: Place | undefined
  /** Names of the rows that are read again. */
  again: readonly string[] = []
  /** Of the last `high` that was seen: one that comes again, over another connection, is not another one. */
  handedOnAt: Lsn = noLsn
  #rows: ChunkRows | null = null
  #next: Iterator<Buffer> | null = null
  /** Rows that no `high` was written for. */
  #unmarked = 0
  /** How many rows each `high` stands for that is on its way. */
  readonly #marked: number[] = []

  constructor(number: number, table: TableFill) {
    this.number = number
    this.table = table
    this.attempt = table.attempt
    this.window = new ChunkWindow(table.touches)
    table.windows.add(this.window)
  }

  /** What was read; null until it is. */
  get rows(): ChunkRows | null {
    return this.#rows
  }

  wasRead(rows: ChunkRows): void {
    this.#rows = rows
    this.#next = rows.rows[Symbol.iterator]()
    this.#unmarked = rows.rows.count
  }

  /** Whether there are rows that no `high` stands for. */
  get hasUnmarked(): boolean {
    return this.#unmarked > 0
  }

  /** Whether a `high` is on its way. */
  get isMarked(): boolean {
    return this.#marked.length > 0
  }

  /** A `high` is written for so many of the rows that are left, or for all. */
  mark(most: number): void {
    const count = Math.min(most, this.#unmarked)
    this.#unmarked -= count
    this.#marked.push(count)
  }

  /** The rows that the next `high` stands for. */
  *take(): Generator<Buffer, undefined> {
    for (let left = this.#marked.shift() ?? 0; left > 0; left--) {
      const next = this.#next!.next()
      if (next.done) return
      yield next.value
    }
  }

  /** What was read before it turned out to be of no use. */
  get isOutdated(): boolean {
    return this.attempt !== this.table.attempt
  }
}
