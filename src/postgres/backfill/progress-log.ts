import type { Logger } from '../../telemetry/logger.ts'
import type { TableFill } from './table-fill.ts'

const everyMs = 5_000

/** Says from time to time how far the tables are that are being filled. */
export class ProgressLog {
  readonly #logger: Logger
  readonly #last = new Map<number, number>()
  #toldAt = performance.now()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  tell(tables: Iterable<TableFill>): void {
    const now = performance.now()
    const seconds = (now - this.#toldAt) / 1_000
    if (seconds * 1_000 < everyMs) return
    this.#toldAt = now
    for (const table of tables) {
      const before = this.#last.get(table.oid)
      this.#last.set(table.oid, table.rows)
      // fewer: it was cancelled, and begun anew
      if (before === undefined || before >= table.rows) continue
      const rowsPerSecond = Math.round((table.rows - before) / seconds)
      const estimate = table.estimatedRows ?? 0
      const left = estimate - table.rows
      this.#logger.info(
        {
          table: table.name,
          rows: table.rows,
          ...(left > 0 ? { of: Math.round(estimate), secondsLeft: Math.ceil(left / rowsPerSecond) } : {}),
          rowsPerSecond,
        },
        'backfill',
      )
    }
  }
}
