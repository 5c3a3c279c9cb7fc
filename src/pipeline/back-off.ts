export interface BackOffOptions {
  readonly firstMs: number
  readonly mostMs: number
  /** `full`: anything from no pause at all; for many who would otherwise come back together. `slight` if not given. */
  readonly jitter?: 'slight' | 'full'
  /** Between 0 and 1. */
  readonly random?: () => number
}

/**
 * How long to wait before the next attempt: twice as long after each, up to a limit, and a fifth more or less, so that
 * many who were cut off together do not come back together.
 */
export class BackOff {
  readonly #options: BackOffOptions
  #attempts = 0

  constructor(options: BackOffOptions) {
    this.#options = options
  }

  /** Attempts since the last success. */
  get attempts(): number {
    return this.#attempts
  }

  /** In milliseconds. */
  next(): number {
    const { firstMs, mostMs, jitter, random = Math.random } = this.#options
    const plain = Math.min(mostMs, firstMs * 2 ** this.#attempts++)
    return Math.round(plain * (jitter === 'full' ? random() : 0.8 + 0.4 * random()))
  }

  succeeded(): void {
    this.#attempts = 0
  }
}
