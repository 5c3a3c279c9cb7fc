/** What a receiver said to a notification. */
export interface HttpAnswer {
  readonly status: number
  /** The header as it was sent. */
  readonly retryAfter: string | undefined
}

/** Either an answer, or what the network said instead. */
export type WhenAnswered = (answer: HttpAnswer | null, error: unknown) => void

/** One connection at a time to one origin, made when it is needed and again when it was lost. */
export interface HttpConnection {
  /**
   * Sends one request; the next only when this one is over. `headers` are names and values in turn. `whenAnswered` is called
   * once, not before this returns, when there is a status and the connection is free again. A redirection is an answer like
   * any other; no answer in time is a TimeoutError.
   */
  post(path: string, headers: readonly string[], body: Buffer, whenAnswered: WhenAnswered): void
  /** Cuts what is under way: that fails. It can be used again. */
  close(): Promise<void>
}
