import { PgstreamError } from '../errors.ts'
import { BackOff } from '../pipeline/back-off.ts'
import { pauseUnlessAborted } from '../pipeline/pause-unless-aborted.ts'
import type { RetryPolicy } from '../pipeline/retry-policy.ts'
import type { Logger } from '../telemetry/logger.ts'

const forEver: RetryPolicy = { firstMs: 100, mostMs: 5_000, retries: Infinity }

const againMs = 60_000

export interface Reaching {
  readonly logger: Logger
  readonly signal: AbortSignal
  /** For as long as it takes if not given. */
  readonly retry?: RetryPolicy | undefined
  /** Hears of each attempt that failed and is made again. */
  readonly onRetry?: ((error: PgstreamError) => void) | undefined
}

/**
 * Does something again and again for as long as Kafka cannot be reached, and says so at once and every minute: the reason
 * may be another by then. Any other failure is handed on, and so is the last one when the retries are used up.
 */
export async function untilReachable<T>(
  act: () => Promise<T>,
  { logger, signal, retry = forEver, onRetry }: Reaching,
): Promise<T> {
  const backOff = new BackOff(retry)
  let toldAt = -Infinity
  for (;;) {
    try {
      const done = await act()
      if (backOff.attempts > 0) logger.info({ attempts: backOff.attempts }, 'Kafka can be reached again')
      return done
    } catch (error) {
      if (!(error instanceof PgstreamError) || error.code !== 'PGSTREAM_KAFKA_UNREACHABLE') throw error
      if (backOff.attempts >= retry.retries) throw error
      onRetry?.(error)
      if (performance.now() - toldAt >= againMs) {
        toldAt = performance.now()
        const { code, message, remedy } = error
        logger.warn({ code, remedy }, `${message} Trying again${told(retry)}`)
      }
      await pauseUnlessAborted(backOff.next(), signal)
    }
  }
}

const told = ({ retries }: RetryPolicy): string =>
  retries === Infinity ? ' until it works' : ` up to ${retries} times`
