import type { Traffic } from './traffic.ts'

/** Code that is new to the engine takes ten times as long. */
const first = 250
const fewest = 20
const mostRowsOfChunk = 50_000
/** How long the stream may be held up by rows that are handed on at once: less where others are in a hurry. */
const handOnMs = { busy: 0.2, light: 10, none: 80 }
/** A chunk is read whole and handed on in so many parts: what goes with reading it takes longer than a part of it. */
const partsWhereBusy = 4
/** How long it may take until they are durable. */
const durableMs = { busy: 100, light: 250, none: 1_500 }

/** How many rows of a table are read and handed on at once, so that the stream is not held up for long. */
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

  /** Of a chunk that is read in the order of a key. */
  rowsToRead(traffic: Traffic): number {
    return traffic === 'busy' ? Math.min(this.#most, partsWhereBusy * this.rows) : this.rows
  }

  /** Of what such a chunk has. */
  rowsAtOnce(traffic: Traffic): number {
    return traffic === 'busy' ? this.rows : Infinity
  }

  /** So many were handed on in so many milliseconds. */
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
