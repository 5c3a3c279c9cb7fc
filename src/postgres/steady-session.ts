import type pg from 'pg'
import { asPgstreamError } from '../telemetry/as-pgstream-error.ts'
import { BackOff } from '../pipeline/back-off.ts'
import { pauseUnlessAborted } from '../pipeline/pause-unless-aborted.ts'
import type { Logger } from '../telemetry/logger.ts'
import { connect, queryTimeoutMs } from './connect.ts'
import { migrate } from './migrate.ts'
import { fromPostgres } from './postgres-error.ts'
import { parsePostgresUrl } from './postgres-url.ts'
import type { PostgresConfig } from './postgres-url.ts'

export interface SteadySessionOptions {
  readonly url: string
  /** Shown in pg_stat_activity. */
  readonly applicationName: string
  readonly logger: Logger
  /** Of NOTIFY; nobody listens if it is not given. */
  readonly channel?: string | undefined
  /** Somebody else has notified, or may have while there was no connection. */
  readonly onNotified?: (() => void) | undefined
}

const nothing = (): void => undefined

/** A server takes its time for what is large; at least at this pace. */
const bytesPerMs = 5_000

const bytesOf = (values: readonly unknown[]): number =>
  values.reduce<number>((sum, value) => sum + (Buffer.isBuffer(value) ? value.length : 0), 0)

/**
 * A connection for a few queries of a long life: when it is lost, the next query makes another one, and so does the wish to
 * hear notifications. One query runs at a time.
 */
export class SteadySession {
  readonly #options: SteadySessionOptions
  readonly #config: PostgresConfig
  readonly #closing = new AbortController()
  #client: Promise<pg.Client> | null = null
  #before: Promise<void> = Promise.resolve()
  #comingBack: Promise<void> | null = null

  /** @throws {PgstreamError} PGSTREAM_CONFIG_INVALID */
  constructor(options: SteadySessionOptions) {
    this.#options = options
    this.#config = parsePostgresUrl(options.url)
  }

  /** Puts tables of ours where they are needed, by the numbers of their migrations; whoever may not finds out by using them. */
  async migrate(versions: readonly number[]): Promise<void> {
    const client = await this.#connected()
    await migrate(client, (migration) => versions.includes(migration.version))
  }

  /** Asks once, when whoever asked before has been answered. @throws {PgstreamError} PGSTREAM_SOURCE_UNREACHABLE, … */
  async query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const answer = this.#before.then(async () => this.#query<Row>(sql, values))
    this.#before = answer.then(nothing, nothing)
    return answer
  }

  async #query<Row extends pg.QueryResultRow>(sql: string, values: unknown[]): Promise<Row[]> {
    const client = await this.#connected()
    try {
      const query = { text: sql, values, query_timeout: queryTimeoutMs + bytesOf(values) / bytesPerMs }
      return (await client.query<Row>(query)).rows
    } catch (cause) {
      throw fromPostgres(cause, 'a query', this.#config)
    }
  }

  /** Asks for as long as it takes, unless `signal` is aborted, and says so once; `onFailed` hears of each time. */
  async patientQuery<Row extends pg.QueryResultRow>(
    sql: string,
    values: unknown[],
    signal: AbortSignal,
    onFailed?: (error: unknown) => void,
  ): Promise<Row[]> {
    const backOff = new BackOff({ firstMs: 100, mostMs: 5_000 })
    for (;;) {
      try {
        const rows = await this.query<Row>(sql, values)
        if (backOff.attempts > 0) this.#options.logger.info({}, 'the database answers again')
        return rows
      } catch (error) {
        signal.throwIfAborted()
        onFailed?.(error)
        const { code, message, remedy } = asPgstreamError(error)
        if (backOff.attempts === 0)
          this.#options.logger.warn({ code, remedy }, `${message} Trying again until it works`)
        await pauseUnlessAborted(backOff.next(), signal)
      }
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the session was closed'))
    const client = await this.#client?.catch(() => null)
    await client?.end().catch(nothing)
    await this.#comingBack
  }

  #connected(): Promise<pg.Client> {
    this.#client ??= this.#connect().catch((error: unknown) => {
      this.#client = null
      throw error
    })
    return this.#client
  }

  async #connect(): Promise<pg.Client> {
    this.#closing.signal.throwIfAborted()
    const { applicationName, channel, onNotified } = this.#options
    const client = await connect(this.#config, {
      applicationName,
      // durable on this server: a stand-by that is silent must not hold up the stream
      settings: { synchronous_commit: 'local' },
      queryTimeoutMs,
      signal: this.#closing.signal,
    })
    client.once('end', () => this.#onLost())
    if (channel === undefined) return client
    const { processID: own } = client as unknown as { processID: number }
    client.on('notification', ({ processId }) => void (processId === own || onNotified?.()))
    try {
      await client.query(`listen ${channel}`)
      return client
    } catch (cause) {
      await client.end().catch(nothing)
      throw fromPostgres(cause, 'listening for notifications', this.#config)
    }
  }

  #onLost(): void {
    this.#client = null
    const { channel } = this.#options
    if (channel === undefined || this.#closing.signal.aborted) return
    this.#comingBack ??= this.#comeBack().finally(() => (this.#comingBack = null))
  }

  async #comeBack(): Promise<void> {
    const backOff = new BackOff({ firstMs: 100, mostMs: 5_000 })
    while (!this.#closing.signal.aborted) {
      try {
        await pauseUnlessAborted(backOff.next(), this.#closing.signal)
        await this.#connected()
        this.#options.onNotified?.()
        return
      } catch {
        // whoever asks something is told; here nobody does
      }
    }
  }
}
