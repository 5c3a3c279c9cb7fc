import type pg from 'pg'
import { connect, cut } from './connect.ts'
import { sqlState } from './postgres-error.ts'

export interface ShutdownWatchOptions {
  readonly url: string
  /** An ordinary session of the server, for nothing else: it is ended with the watch. */
  readonly client: pg.Client
  /** The server is shutting down, and has had its time. */
  readonly onShutdown: () => void
}

/** Of the session that is kept beside a stream. */
export const applicationName = 'pgstream listener'
/** Less than the ten seconds that containers are given to stop. */
const patienceMs = 5_000
/** A session that was ended for another reason is made anew then. */
const againMs = 10_000
/** How long a server may take to end a session in order. */
const endingMs = 1_000
/** Ended by an administrator: what a server says to its ordinary sessions when it shuts down fast. */
const adminShutdown = '57P01'

/**
 * Lets a server shut down. In a fast shutdown it ends ordinary sessions at once, and waits for a walsender until all WAL is
 * sent and confirmed, without any limit and without saying so: as long as a destination is slow or away, or for ever when
 * confirming needs a session on that very server. So an ordinary session is kept beside the stream, and five seconds after
 * the server has ended it, the stream is to let go. Not so in a smart shutdown, which leaves sessions alone and goes on
 * streaming for them.
 */
export class ShutdownWatch {
  readonly #options: ShutdownWatchOptions
  readonly #closing = new AbortController()
  #client: pg.Client | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(options: ShutdownWatchOptions) {
    this.#options = options
    this.#watch(options.client)
  }

  #watch(client: pg.Client): void {
    this.#client = client
    let reason: string | undefined
    client.on('error', (error) => (reason ??= sqlState(error))) // the loss itself is told behind it
    client.once('end', () => {
      this.#client = null
      if (this.#closing.signal.aborted) return
      if (reason === adminShutdown) void this.#mayShutDown()
      else this.#watchLater()
    })
  }

  /** Somebody may have ended this session alone: a server that takes another one goes on. */
  async #mayShutDown(): Promise<void> {
    this.#timer = setTimeout(this.#options.onShutdown, patienceMs)
    await this.#watchAnew().catch(() => undefined)
  }

  #watchLater(): void {
    this.#timer = setTimeout(() => {
      this.#watchAnew().catch(() => {
        if (!this.#closing.signal.aborted) this.#watchLater()
      })
    }, againMs)
  }

  async #watchAnew(): Promise<void> {
    const { signal } = this.#closing
    const client = await connect(this.#options.url, { applicationName, signal })
    clearTimeout(this.#timer)
    this.#watch(client)
  }

  /** Resolves when nothing is asked any more. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the stream has ended'))
    clearTimeout(this.#timer)
    const client = this.#client
    if (!client) return
    const deadline = setTimeout(() => cut(client), endingMs)
    await client.end().catch(() => undefined)
    clearTimeout(deadline)
  }
}
