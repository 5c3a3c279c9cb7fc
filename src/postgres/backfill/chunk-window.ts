import type { Lsn } from '../../wal/lsn.ts'
import type { Touches } from './touches.ts'

/** Why what was read cannot be handed on: the table was altered, or more was changed than may be remembered. */
export type Spoiled = 'altered' | 'too much changed'

/**
 * What happens to one table in the stream between the `low` and the `high` of a chunk: what was read of rows that were
 * touched is out of date, or comes in the stream by itself.
 */
export class ChunkWindow {
  spoiled: Spoiled | null = null
  /** Whatever was there before is gone. */
  isEmptied = false
  readonly #touches: Touches
  #low: Lsn | null = null
  #since = Infinity

  constructor(touches: Touches) {
    this.#touches = touches
  }

  /** Of `low`; null until it came by. Every writer that was there before it had ended before the rows were read. */
  get low(): Lsn | null {
    return this.#low
  }

  /** `low` comes by. */
  open(low: Lsn): void {
    if (this.#low !== null) return
    this.#low = low
    this.#since = this.#touches.now
  }

  /** The moment of `low`; Infinity for one that remembers nothing. */
  get since(): number {
    return this.spoiled ? Infinity : this.#since
  }

  get isTouched(): boolean {
    return this.#touches.now > this.#since
  }

  /** A combination of `asOld`, `asWhole` and `withHole`; 0 for a row that was not touched. */
  touch(name: string): number {
    return this.#touches.of(name, this.#since)
  }

  /** The table is emptied. */
  empty(): void {
    if (this.#low !== null) this.isEmptied = true
  }

  spoil(reason: Spoiled): void {
    this.spoiled ??= reason
  }
}
