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

  constructor(number: number, table: TableFill) {
    this.number = number
    this.table = table
    this.attempt = table.attempt
    this.window = new ChunkWindow(table.touches)
    table.windows.add(this.window)
  }

  /** What was read before it turned out to be of no use. */
  get isOutdated(): boolean {
    return this.attempt !== this.table.attempt
  }
}
