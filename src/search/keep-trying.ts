import type { PgstreamError } from '../errors.ts'
import { BackOff } from '../pipeline/back-off.ts'
import { pauseUnlessAborted } from '../pipeline/pause-unless-aborted.ts'
import type { RetryPolicy } from '../pipeline/retry-policy.ts'
import type { Logger } from '../telemetry/logger.ts'
import { asSearchError, isForeign, isPassing, StoreError } from './store-error.ts'

/** How whoever asks the store behaves when it does not take something for now. */
export interface Persistence {
  readonly logger: Logger
  readonly retry: RetryPolicy
  /** Hears of each failure behind which another attempt comes. */
  readonly onRetry?: ((error: PgstreamError) => void) | undefined
}

/** How long, and how often, what answers may be something else than a store: a proxy that starts, say. */
const foreignMs = 30_000
const foreignAttempts = 3

export interface Trying extends Persistence {
  readonly signal: AbortSignal
}

/**
 * Does something until the store takes it: again and again for as long as the failure is one that passes, which is said
 * once. Any other failure is handed on, and so is the last one when the retries are used up.
 */
export async function keepTrying<T>(doing: string, act: () => Promise<T>, trying: Trying): Promise<T> {
  const pauses = new Pauses(doing, trying)
  for (;;) {
    try {
      const done = await act()
      pauses.succeeded()
      return done
    } catch (error) {
      if (!(error instanceof StoreError) || !isPassing(error)) throw error
      await pauses.wait(error)
    }
  }
}

/** The pauses between attempts of one thing. */
export class Pauses {
  readonly #doing: string
  readonly #trying: Trying
  readonly #backOff: BackOff
  /** Since the last answer that was none of something else. */
  #foreign = { since: 0, count: 0 }

  constructor(doing: string, trying: Trying) {
    this.#doing = doing
    this.#trying = trying
    this.#backOff = new BackOff(trying.retry)
  }

  /** Rejects with the error, as one of ours, when the retries are used up, or nothing but other answers come for a while. */
  async wait(error: StoreError): Promise<void> {
    const { logger, retry, signal, onRetry } = this.#trying
    const told = asSearchError(error, this.#doing)
    if (this.#backOff.attempts >= retry.retries || this.#isNoStore(error)) throw told
    if (this.#backOff.attempts === 0) {
      const { code, message, remedy } = told
      const until = retry.retries === Infinity ? 'until it works' : `up to ${retry.retries} times`
      logger.warn({ code, remedy }, `${message} Trying again ${until}`)
    }
    onRetry?.(told)
    await pauseUnlessAborted(this.#backOff.next(), signal)
  }

  #isNoStore(error: StoreError): boolean {
    const now = performance.now()
    const { since, count } = this.#foreign
    this.#foreign = isForeign(error)
      ? { since: count === 0 ? now : since, count: count + 1 }
      : { since: 0, count: 0 }
    return this.#foreign.count > foreignAttempts && now - this.#foreign.since > foreignMs
  }

  succeeded(): void {
    const { attempts } = this.#backOff
    if (attempts > 0) this.#trying.logger.info({ attempts }, `${this.#doing} works again`)
    this.#backOff.succeeded()
  }
}
