const windowMs = 1_000

/** What others use the stream for, and whom a backfill would hold up: nobody, a few changes a second, or many. */
export type Traffic = 'none' | 'light' | 'busy'

/** Changes a second from which on it is that. */
const fewest = { light: 5, busy: 50 }

/** Counts what comes by. */
export class TrafficCounter {
  #since = 0
  #count = 0
  #last = 0

  count(): void {
    this.#count++
  }

  get now(): Traffic {
    const now = performance.now()
    if (now - this.#since >= windowMs) {
      this.#last = now - this.#since < 2 * windowMs ? this.#count : 0
      this.#since = now
      this.#count = 0
    }
    const rate = Math.max(this.#last, this.#count)
    return rate >= fewest.busy ? 'busy' : rate >= fewest.light ? 'light' : 'none'
  }
}
