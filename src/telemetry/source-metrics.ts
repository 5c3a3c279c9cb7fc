import { describeError } from './describe-error.ts'
import type { Problem } from './sink-metrics.ts'

export type SourceState = 'connecting' | 'reading' | 'lost' | 'ended'

/** What a source knows of its connection, for metrics, status and health. Every listener has one, as `metrics`. */
export class SourceMetrics {
  /** Connections that were lost. */
  losses = 0
  /** Messages that are no events, and were put among the dead letters. */
  deadLetters = 0
  #state: SourceState = 'connecting'
  #since = Date.now()
  #problem: Problem | null = null

  get state(): SourceState {
    return this.#state
  }

  /** Since when it is so: milliseconds since 1970. */
  get since(): number {
    return this.#since
  }

  /** Why it is not reading; null when it is. */
  get problem(): Problem | null {
    return this.#problem
  }

  /** Changes can arrive. */
  reading(): void {
    this.#turn('reading')
    this.#problem = null
  }

  /** The connection is gone, or could not be made, and is made anew. May be said again and again. */
  lost(error: unknown): void {
    if (this.#state === 'reading') this.losses++
    this.#turn('lost')
    const { code, message, remedy } = describeError(error)
    this.#problem = { code, message, remedy, since: this.#since }
  }

  /** Nothing comes any more. */
  ended(): void {
    this.#turn('ended')
  }

  #turn(state: SourceState): void {
    if (this.#state === state) return
    this.#state = state
    this.#since = Date.now()
  }
}
