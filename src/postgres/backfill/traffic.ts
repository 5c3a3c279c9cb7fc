const windowMs = 1_000

/** What others use the stream for, and whom a backfill would hold up: nobody, a few changes a second, or many. */
export type Traffic = 'none' | 'light' | 'busy'

/** Changes a second from which on it is that. */
const fewest = { light: 5, busy: 50 }

/** Counts what comes by. */
export class TrafficCounter {
  #since = 0
  #count = 0
  /** A second, in the window before. */
  #last = 0

  count(): void {
    if ((++this.#count & 15) === 0) this.#roll()
  }

  #roll(): void {
    const now = performance.now()
    const ms = now - this.#since
    if (ms < windowMs) return
    this.#last = (this.#count / ms) * 1_000
    this.#since = now
    this.#count = 0
  }

  get now(): Traffic {
    this.#roll()
    const rate = Math.max(this.#last, this.#count)
    return rate >= fewest.busy ? 'busy' : rate >= fewest.light ? 'light' : 'none'
  }
}
