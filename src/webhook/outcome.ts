import type { HttpAnswer } from './http-answer.ts'
import { TargetRefused } from './target-guard.ts'

/** What came of an attempt. */
export type Outcome = 'delivered' | Failure

export interface Failure {
  /** A few words without values; goes on after a name. */
  readonly reason: string
  /** It may go well later. */
  readonly mayPass: boolean
  /** The receiver wants nothing more, ever. */
  readonly isGone: boolean
  /** How long the receiver wants to be left alone, in milliseconds. */
  readonly pauseMs: number | null
}

/** Statuses that say: later. Every 5xx does, too. */
const later = new Set([408, 425, 429])

/**
 * - 2xx: delivered.
 * - 408, 425, 429, 5xx: may pass, after `Retry-After` if that is said.
 * - 410: gone.
 * - the rest, redirections included: refused.
 */
export function outcomeOf({ status, retryAfter }: HttpAnswer): Outcome {
  if (status >= 200 && status < 300) return 'delivered'
  const mayPass = later.has(status) || status >= 500
  const pauseMs = mayPass && retryAfter !== undefined ? readRetryAfter(retryAfter) : null
  const reason =
    status >= 300 && status < 400 ? `HTTP ${status}, and redirections are not followed` : `HTTP ${status}`
  return { reason, mayPass, isGone: status === 410, pauseMs }
}

/** What the network said instead of an answer: all of it may pass, but for addresses that are not sent to. */
export function outcomeOfError(error: unknown): Failure {
  const failed = { isGone: false, pauseMs: null }
  if (!(error instanceof Error)) return { reason: String(error), mayPass: true, ...failed }
  if (error instanceof TargetRefused) return { reason: error.message, mayPass: false, ...failed }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const said = [error.message, code].filter(Boolean).join(' ') || error.name
  return { reason: inShort(said), mayPass: true, ...failed }
}

/** What certificates say is theirs: as long as they like, and of characters that no table takes. */
const inShort = (text: string): string => text.replace(/[^ -~]+/g, ' ').slice(0, 300)

/** Seconds, or a date. */
function readRetryAfter(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now())
}
