import type { RetryPolicy } from '../pipeline/retry-policy.ts'

/** The two ways in which the settings say how to try again; each may be missing, and so may parts of it. */
export interface RetrySettings {
  readonly expInitialInterval: number | undefined
  readonly expMaxInterval: number | undefined
  readonly expMaxRetries: number | undefined
  readonly constantInterval: number | undefined
  readonly constantMaxRetries: number | undefined
}

/** Where a policy has no interval: no attempt follows another at once. */
const shortestMs = 100

/** As the same project in Go reads them: a part that is 0 counts as not set, constant wins, no retries is no limit. */
export function retryPolicy(settings: RetrySettings): RetryPolicy | undefined {
  const { constantInterval, constantMaxRetries, expInitialInterval, expMaxInterval, expMaxRetries } = settings
  if (constantInterval || constantMaxRetries) {
    const everyMs = constantInterval || shortestMs
    return { firstMs: everyMs, mostMs: everyMs, retries: constantMaxRetries || Infinity }
  }
  if (expInitialInterval || expMaxInterval || expMaxRetries) {
    const firstMs = expInitialInterval || shortestMs
    const mostMs = Math.max(firstMs, expMaxInterval || longestMs)
    return { firstMs, mostMs, retries: expMaxRetries || Infinity }
  }
  return undefined
}

const longestMs = 60_000
