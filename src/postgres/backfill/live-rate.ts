const windowMs = 1_000
/** Fewer changes a second are not in the way. */
const fewest = 5

/** Whether there is traffic that a backfill would hold up. */
export class LiveRate {
  #since = 0
  #count = 0
  #last = 0

  count(): void {
    this.#count++
  }

  get isLive(): boolean {
    const now = performance.now()
    if (now - this.#since >= windowMs) {
      this.#last = now - this.#since < 2 * windowMs ? this.#count : 0
      this.#since = now
      this.#count = 0
    }
    return Math.max(this.#last, this.#count) >= fewest
  }
}
