import type pg from 'pg'
import { PgstreamError } from '../errors.ts'
import { asPgstreamError } from '../telemetry/as-pgstream-error.ts'
import { BackOff } from '../pipeline/back-off.ts'
import { pauseUnlessAborted } from '../pipeline/pause-unless-aborted.ts'
import type { Logger } from '../telemetry/logger.ts'
import { connect, queryTimeoutMs } from './connect.ts'
import { isPassing } from './passing-errors.ts'
import { fromPostgres } from './postgres-error.ts'
import { parsePostgresUrl } from './postgres-url.ts'
import { plainSettings } from './setup-session.ts'
import { TellOnce } from './tell-once.ts'

const firstPauseMs = 100
const longestPauseMs = 10_000

export interface StoreConnectionOptions {
  readonly url: string
  readonly logger: Logger
  /** Whether the server was: its address is right. */
  readonly reachedBefore: boolean
  /** Looks at each new connection before it is used. @throws {PgstreamError} */
  readonly examine: (client: pg.Client) => Promise<void>
}

/**
 * A connection for short queries that is made anew whenever it was lost. A server that cannot be reached is tried again for
 * as long as it takes, with a warning; but not where it never was reached, because its address is wrong most of the time.
 */
export class StoreConnection {
  readonly #options: StoreConnectionOptions
  readonly #backOff = new BackOff({ firstMs: firstPauseMs, mostMs: longestPauseMs })
  readonly #tell: TellOnce
  #client: pg.Client | null = null
  #wasReached: boolean

  constructor(options: StoreConnectionOptions) {
    this.#options = options
    this.#wasReached = options.reachedBefore
    this.#tell = new TellOnce(options.logger)
  }

  /**
   * Runs `use`, all of it again when the connection is lost meanwhile.
   * @throws {PgstreamError} when trying again would not help. Rejects with the signal's reason when it is aborted.
   */
  async use<T>(doing: string, signal: AbortSignal, use: (client: pg.Client) => Promise<T>): Promise<T> {
    for (;;) {
      signal.throwIfAborted()
      try {
        this.#client ??= await this.#connect(signal)
        const result = await use(this.#client)
        this.#backOff.succeeded()
        this.#tell.forget()
        return result
      } catch (cause) {
        await this.close()
        signal.throwIfAborted()
        const error = fromPostgres(cause, doing, parsePostgresUrl(this.#options.url))
        if (!isPassing(error, { readBefore: this.#wasReached })) throw error
        const { code, message, remedy } = asPgstreamError(error)
        this.#tell.warn({ code, remedy }, `${message} Trying again until it works`)
        await pauseUnlessAborted(this.#backOff.next(), signal)
      }
    }
  }

  async #connect(signal: AbortSignal): Promise<pg.Client> {
    const client = await connect(this.#options.url, {
      applicationName: 'pgstream translator',
      // a standby that does not answer must not hold up the stream
      settings: { ...plainSettings, synchronous_commit: 'local' },
      queryTimeoutMs,
      signal,
    })
    try {
      await this.#options.examine(client)
    } catch (error) {
      await client.end().catch(() => undefined)
      throw error
    }
    this.#wasReached = true
    return client
  }

  /** The next use makes a new one. */
  async close(): Promise<void> {
    const client = this.#client
    this.#client = null
    await client?.end().catch(() => undefined)
  }
}

/** The source answers, and is not the one that was used before. */
export const otherStore = (): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_SOURCE_CHANGED',
    'The server with the schema log that answers now is not the one that answered before.',
  )
