import type { RetryPolicy } from '../pipeline/retry-policy.ts'

/**
 * What is known of an endpoint beyond single notifications. One that took nothing at all during the retries of one
 * notification is down: from then on nothing waits for it, and one notification in a while tries whether it is back.
 */
export class Health {
  readonly #retry: RetryPolicy
  #succeededAt = -Infinity
  #downBecause: string | null = null
  #nextTryAt = 0
  #leftAloneUntil = 0
  #isFailing = false

  constructor(retry: RetryPolicy) {
    this.#retry = retry
  }

  get isDown(): boolean {
    return this.#downBecause !== null
  }

  /** Nothing speaks against sending at once. */
  get isCalm(): boolean {
    return this.#downBecause === null && this.pauseMs() === 0
  }

  /** While it is down. */
  get why(): string {
    return `the endpoint is down: ${this.#downBecause ?? ''}`
  }

  /** Whether a notification that comes up now is to be sent. */
  mayTry(): boolean {
    if (!this.isDown) return true
    const now = performance.now()
    if (now < this.#nextTryAt) return false
    this.#nextTryAt = now + this.#retry.mostMs
    return true
  }

  /** How long it wants to be left alone from now on, in milliseconds. */
  pauseMs(): number {
    return this.#leftAloneUntil === 0 ? 0 : Math.max(0, this.#leftAloneUntil - performance.now())
  }

  /** As long as it says, and no longer than the longest pause between two attempts. */
  leaveAlone(ms: number | null): void {
    if (ms !== null) this.#leftAloneUntil = performance.now() + Math.min(ms, this.#retry.mostMs)
  }

  /** Whether it was down. */
  succeeded(): boolean {
    this.#succeededAt = performance.now()
    const wasDown = this.isDown
    this.#downBecause = null
    this.#isFailing = false
    return wasDown
  }

  /** Once until something succeeds. */
  isFirstFailure(): boolean {
    const isFirst = !this.#isFailing
    this.#isFailing = true
    return isFirst
  }

  /** All attempts of a notification that was begun at `since` have failed. Whether it is down now, and was not before. */
  usedUp(reason: string, since: number): boolean {
    if (this.#succeededAt >= since) return false
    const isNew = !this.isDown
    this.#downBecause = reason
    if (isNew) this.#nextTryAt = performance.now() + this.#retry.mostMs
    return isNew
  }
}
