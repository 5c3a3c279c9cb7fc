import type pg from 'pg'
import { BackOff } from '../pipeline/back-off.ts'
import { pauseUnlessAborted } from '../pipeline/pause-unless-aborted.ts'
import { connect, cut, queryTimeoutMs } from './connect.ts'
import { cannotConnectNow } from './passing-errors.ts'
import { sqlState } from './postgres-error.ts'

export interface ShutdownWatchOptions {
  readonly url: string
  /** The server is shutting down, and has had its time. Again, as long as it is. */
  readonly onShutdown: () => void
  /** Cuts what is being opened. */
  readonly signal: AbortSignal
}

/** Less than the ten seconds that containers are given to stop. */
const patienceMs = 5_000
/** Between attempts at another session. */
const [soonestMs, latestMs] = [250, 10_000]
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
 *
 * A session that is lost for any reason is made anew. A server that takes it, or refuses it for a reason of its own (too many
 * sessions), goes on. One that takes no sessions for now, though it streams, is shutting down, and nobody can tell which way.
 */
export class ShutdownWatch {
  readonly #options: ShutdownWatchOptions
  readonly #closing = new AbortController()
  #client: pg.Client | null = null
  #timer: NodeJS.Timeout | undefined

  private constructor(options: ShutdownWatchOptions) {
    this.#options = options
  }

  /** With a session of the server, which may be asked until it is watched for long. @throws {PgstreamError} as `connect`. */
  static async open(options: ShutdownWatchOptions): Promise<{ watch: ShutdownWatch; client: pg.Client }> {
    const client = await openSession(options.url, options.signal)
    const watch = new ShutdownWatch(options)
    watch.#watch(client)
    return { watch, client }
  }

  #watch(client: pg.Client): void {
    this.#client = client
    let reason: string | undefined
    client.on('error', (error) => (reason ??= sqlState(error))) // the loss itself is told behind it
    client.once('end', () => {
      this.#client = null
      if (this.#closing.signal.aborted) return
      if (reason === adminShutdown) this.#expectShutdown()
      this.#watchAnew().catch(() => undefined) // closed
    })
  }

  async #watchAnew(): Promise<void> {
    const { signal } = this.#closing
    const backOff = new BackOff({ firstMs: soonestMs, mostMs: latestMs })
    for (;;) {
      try {
        const client = await openSession(this.#options.url, signal)
        this.#expectNothing()
        return this.#watch(client)
      } catch (error) {
        signal.throwIfAborted()
        const state = sqlState((error as Error).cause)
        if (state === cannotConnectNow) this.#expectShutdown()
        else if (state !== undefined) this.#expectNothing()
      }
      await pauseUnlessAborted(backOff.next(), signal)
    }
  }

  #expectShutdown(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#options.onShutdown()
    }, patienceMs)
  }

  #expectNothing(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Resolves when nothing is asked any more. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the stream has ended'))
    this.#expectNothing()
    const client = this.#client
    if (!client) return
    const deadline = setTimeout(() => cut(client), endingMs)
    await client.end().catch(() => undefined)
    clearTimeout(deadline)
  }
}

/** It has nothing to do for as long as the stream runs. */
const openSession = (url: string, signal: AbortSignal): Promise<pg.Client> =>
  connect(url, {
    ...{ applicationName: 'pgstream listener', signal, queryTimeoutMs },
    settings: { idle_session_timeout: '0' },
  })
