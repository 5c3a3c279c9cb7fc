import type { RowEvent } from '../../wal/event.ts'
import type { Lsn } from '../../wal/lsn.ts'
import type { Row } from '../../wal/value.ts'
import { unchangedToast } from '../../wal/value.ts'
import type { ChunkRows } from './chunk-rows.ts'
import { namingColumns, rowName } from './row-name.ts'

/** What the stream said of a row within a window, together. */
export const asOld = 1
export const asWhole = 2
export const withHole = 4

/** Why what was read cannot be handed on: the table was altered, or more was changed than may be remembered. */
export type Spoiled = 'altered' | 'too much changed'

const bytesPerName = 100
const mostBytes = 16 * 1024 * 1024

/**
 * What happens to one table in the stream between the `low` and the `high` of a chunk: which rows were touched, by their
 * names, as old or as new ones. What was read of those is out of date, or comes in the stream by itself.
 */
export class ChunkWindow {
  /** Of `low`; null until it came by. Every writer that was there before it had ended before the rows were read. */
  low: Lsn | null = null
  rows: ChunkRows | null = null
  spoiled: Spoiled | null = null
  /** Whatever was there before is gone. */
  isEmptied = false
  readonly #touched = new Map<string, number>()
  #bytes = 0

  get isTouched(): boolean {
    return this.#touched.size > 0
  }

  /** A combination of `asOld`, `asWhole` and `withHole`; 0 for a row that was not touched. */
  touch(name: string): number {
    return this.#touched.get(name) ?? 0
  }

  note(event: RowEvent): void {
    if (this.low === null || this.spoiled) return
    switch (event.kind) {
      case 'truncate':
        this.isEmptied = true
        return
      case 'insert':
        return this.#note(namingColumns(event.relation), event.values, asWhole)
      case 'delete':
        return this.#note(namingColumns(event.relation), event.old, asOld)
      case 'update': {
        const columns = namingColumns(event.relation)
        if (event.old) this.#note(columns, event.old, asOld)
        this.#note(columns, event.values, event.values.includes(unchangedToast) ? withHole : asWhole)
      }
    }
  }

  spoil(reason: Spoiled): void {
    this.spoiled ??= reason
    this.#touched.clear()
  }

  #note(columns: readonly number[], values: Row, flag: number): void {
    const name = rowName(values, columns)
    const before = this.#touched.get(name)
    this.#touched.set(name, (before ?? 0) | flag)
    if (before !== undefined) return
    this.#bytes += 2 * name.length + bytesPerName
    if (this.#bytes > mostBytes) this.spoil('too much changed')
  }
}
