import { asPgstreamError } from '../telemetry/as-pgstream-error.ts'
import { describeError } from '../telemetry/describe-error.ts'

/** One thing that `pgstream check` looked at. */
export interface CheckResult {
  /** The system and the thing: `Kafka: topic`. */
  readonly about: string
  /** A warning lets `run` start, an error does not. */
  readonly state: 'ok' | 'warning' | 'error'
  /** What was found, in a sentence without secrets and row values. */
  readonly says: string
  /** What to do about it; always there with a warning or an error. */
  readonly remedy?: string | undefined
  /** Of an error: what `run` would end with. */
  readonly code?: string | undefined
}

/**
 * Looks at one system and changes nothing in it. Never rejects: what goes wrong is a result. Ends soon after the signal.
 * Each system has its own in a file `…-check.ts`, which the command finds by its `check` in `cli/processors.ts`.
 */
export type Check = (signal: AbortSignal) => Promise<readonly CheckResult[]>

export const fine = (about: string, says: string): CheckResult => ({ about, state: 'ok', says })

export const doubtful = (about: string, says: string, remedy: string): CheckResult => ({
  about,
  state: 'warning',
  says,
  remedy,
})

export function failing(about: string, error: unknown): CheckResult {
  const { code, message, remedy } = describeError(asPgstreamError(error))
  return { about, state: 'error', says: message, remedy, code }
}
