import type { Lsn } from '../wal/lsn.ts'

/** What was seen of a stream when the watch looked. */
export interface Progress {
  /** Monotonic, in milliseconds. */
  readonly at: number
  readonly confirmed: Lsn
  /** Something was received that is not confirmed. */
  readonly pending: boolean
}

export interface ShutdownWatchOptions {
  /** Whether the server says that it is shutting down: asked by another connection, which it refuses then. */
  readonly ask: () => Promise<boolean>
  readonly onShutdown: () => void
}

/** Less than the ten seconds that containers are given to stop. */
const patienceMs = 5_000

/**
 * Lets a server shut down. It waits for a walsender until all that was sent is confirmed, without any limit and without
 * saying so: as long as the destination is away, or for ever when confirming needs a session on that very server. So when
 * nothing was confirmed for five seconds, and every five seconds from then on, the server is asked whether it wants to end.
 */
export class ShutdownWatch {
  readonly #options: ShutdownWatchOptions
  #confirmed: Lsn | null = null
  #movedAt = 0
  #askedAt = -Infinity
  #asking = false

  constructor(options: ShutdownWatchOptions) {
    this.#options = options
  }

  look({ at, confirmed, pending }: Progress): void {
    if (confirmed !== this.#confirmed || !pending) {
      this.#confirmed = confirmed
      this.#movedAt = at
      return
    }
    if (this.#asking || at - Math.max(this.#movedAt, this.#askedAt) < patienceMs) return
    this.#askedAt = at
    this.#asking = true
    const { ask, onShutdown } = this.#options
    void ask()
      .then((isShuttingDown) => {
        if (isShuttingDown) onShutdown()
      })
      .finally(() => (this.#asking = false))
  }
}
