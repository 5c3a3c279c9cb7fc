import { Fifo } from '../pipeline/fifo.ts'
import type { Pace, Permits } from './permits.ts'

/** Whoever keeps a permit longer is slow. */
const quickMs = 1_000

/**
 * What one endpoint may have of the permits: one, as long as it is not known to answer, because it may keep that for the whole of
 * a time-out. Else as many as it wants, as a slow one or a quick one.
 */
export class Share {
  readonly #permits: Permits
  readonly #waiting = new Fifo<(pace: Pace) => void>()
  #answers = false
  #pace: Pace = 'slow'
  #underWay = 0

  constructor(permits: Permits) {
    this.#permits = permits
  }

  /** Calls `begin` when the request may begin, which may be at once. Each has to be ended, with the pace that it was given. */
  take(begin: (pace: Pace) => void): void {
    if (this.#underWay > 0 && !this.#answers) this.#waiting.push(begin)
    else this.#begin(begin)
  }

  /** A request is over after so long: it was answered in some way, or was not. */
  end(pace: Pace, ms: number, isAnswered: boolean): void {
    this.#underWay--
    this.#pace = ms < quickMs ? 'quick' : 'slow'
    this.#answers = isAnswered || ms < quickMs
    this.#permits.giveBack(pace)
    while (this.#waiting.length > 0 && (this.#answers || this.#underWay === 0))
      this.#begin(this.#waiting.shift()!)
  }

  #begin(begin: (pace: Pace) => void): void {
    this.#underWay++
    this.#permits.take(this.#pace, begin)
  }
}
