import type { Traffic } from './traffic.ts'

/** Code that is new to the engine takes ten times as long. */
const first = 250
const fewest = 100
const mostRowsOfChunk = 50_000
/** How long the stream may be held up by the rows of one chunk: less where others are in a hurry. */
const handOnMs = { busy: 1, light: 10, none: 80 }
/** How long it may take until they are durable. */
const durableMs = { busy: 100, light: 250, none: 1_500 }

/** How many rows the next chunk of a table has, so that the stream is not held up for long by any. */
export class Pace {
  readonly #most: number
  readonly #fewest: number
  #rows: number

  constructor(most: number = mostRowsOfChunk) {
    this.#most = most
    this.#fewest = Math.min(fewest, most)
    this.#rows = Math.min(first, most)
  }

  get rows(): number {
    return Math.round(this.#rows)
  }

  /** A chunk was handed on in so many milliseconds. */
  handedOn(rows: number, ms: number, traffic: Traffic): void {
    this.#adapt(rows, ms, handOnMs[traffic])
  }

  /** From its first row handed on to its last one durable. */
  durable(rows: number, ms: number, traffic: Traffic): void {
    const target = durableMs[traffic]
    if (ms > target) this.#adapt(rows, ms, target)
  }

  /** The chunk was too large to be kept, or to be read before too much was changed. */
  tooLarge(rows: number): void {
    this.#rows = Math.max(this.#fewest, Math.min(this.#rows, rows) / 2)
  }

  #adapt(rows: number, ms: number, target: number): void {
    if (rows < this.#rows / 2) return // the last one of a table, or cut: says little
    const factor = Math.min(1.6, Math.max(0.4, target / Math.max(ms, 0.1)))
    this.#rows = Math.min(this.#most, Math.max(this.#fewest, this.#rows * factor))
  }
}
