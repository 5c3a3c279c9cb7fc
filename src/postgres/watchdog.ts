/** What was seen of a connection when the watchdog looked. */
export interface Observation {
  /** Monotonic, in milliseconds. */
  readonly at: number
  readonly bytesRead: number
  /** Nobody reads: silence is ours. */
  readonly paused: boolean
}

/**
 * Tells a dead peer from a silent one. Our regular statuses suppress the keepalives of the server, so silence proves
 * nothing: after a third of `patienceMs` the server is asked for a reply, and only when that does not come within
 * `patienceMs` it is dead. Nothing is judged while reading is paused, nor by a look that comes late because this process
 * stood still: what the server sent meanwhile has not been read then.
 */
export class Watchdog {
  readonly #patienceMs: number
  readonly #intervalMs: number
  #last: Observation | null = null
  #heardAt = 0
  #askedAt: number | null = null

  /** `intervalMs`: how often it will look. */
  constructor(patienceMs: number, intervalMs: number) {
    this.#patienceMs = patienceMs
    this.#intervalMs = intervalMs
  }

  look(now: Observation): 'fine' | 'ask' | 'dead' {
    const last = this.#last
    this.#last = now
    const heard =
      !last || now.paused || last.bytesRead !== now.bytesRead || now.at - last.at > 3 * this.#intervalMs
    if (heard) {
      this.#heardAt = now.at
      this.#askedAt = null
      return 'fine'
    }
    if (this.#askedAt === null) {
      if (now.at - this.#heardAt < this.#patienceMs / 3) return 'fine'
      this.#askedAt = now.at
      return 'ask'
    }
    return now.at - this.#askedAt >= this.#patienceMs ? 'dead' : 'fine'
  }
}
