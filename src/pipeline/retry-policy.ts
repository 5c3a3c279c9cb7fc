/** How often and when something is tried again that failed for a reason that may pass. */
export interface RetryPolicy {
  /** The first pause, in milliseconds; each is twice as long as the one before it. */
  readonly firstMs: number
  /** The longest pause. */
  readonly mostMs: number
  /** Attempts after the first; `Infinity` for as long as it takes. */
  readonly retries: number
}
