import type { Socket } from 'node:net'
import pg from 'pg'
import { fromPostgres } from './postgres-error.ts'
import { parsePostgresUrl } from './postgres-url.ts'
import type { PostgresConfig } from './postgres-url.ts'

/** For queries that are short: a server that does not answer them in this time is as good as gone. */
export const queryTimeoutMs = 30_000

export interface ConnectOptions {
  /** Shown in pg_stat_activity; the URL's own application_name wins over the default only. */
  applicationName?: string
  /** Opens a walsender session of the database instead of an ordinary one. */
  replication?: 'database'
  /** Settings of the session, such as `{ TimeZone: 'UTC' }`; added to the `options` of the URL. */
  settings?: Readonly<Record<string, string>>
  /** How long a query may take, in milliseconds; as long as it likes if not given. */
  queryTimeoutMs?: number
  /** Cuts the connection, also while it is being made. */
  signal?: AbortSignal | undefined
}

/**
 * Opens a connection that never throws on its own: a lost connection fails the query that runs or the next one.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID, PGSTREAM_SOURCE_UNREACHABLE, PGSTREAM_SOURCE_REFUSED, …
 */
export async function connect(
  url: string | PostgresConfig,
  options: ConnectOptions = {},
): Promise<pg.Client> {
  const config = withOptions(typeof url === 'string' ? parsePostgresUrl(url) : url, options)
  try {
    return await firstThatConnects(attempts(config), options.signal)
  } catch (cause) {
    throw fromPostgres(cause, 'connecting', config)
  }
}

/** What libpq tries one after the other: TLS is wanted, or endured, but not demanded by these two modes. */
function attempts(config: PostgresConfig): PostgresConfig[] {
  const plain: PostgresConfig = { ...config, ssl: false }
  if (config.sslMode === 'prefer') return [config, plain]
  if (config.sslMode === 'allow') return [plain, config]
  return [config]
}

async function firstThatConnects(
  configs: readonly PostgresConfig[],
  signal: AbortSignal | undefined,
): Promise<pg.Client> {
  for (const [index, config] of configs.entries()) {
    const client = new pg.Client(config)
    client.on('error', () => undefined)
    const onAbort = (): void => cut(client)
    const forget = (): void => signal?.removeEventListener('abort', onAbort)
    signal?.addEventListener('abort', onAbort, { once: true })
    client.once('end', forget)
    try {
      await client.connect()
      return client
    } catch (error) {
      await client.end().catch(() => undefined)
      forget()
      if (index === configs.length - 1 || !dependsOnTls(error)) throw error
    }
  }
  throw new Error('no way to connect')
}

/** `pg` has no call that ends a connection without waiting for the server. */
export function cut(client: pg.Client): void {
  const { connection } = client as unknown as { connection: { stream: Socket } }
  connection.stream.destroy()
}

/** A server that is away, or that refuses the password or the database, does so with and without TLS. */
function dependsOnTls(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof pg.DatabaseError) return error.code === '28000'
  return /\bSSL\b|\bTLS\b/i.test(error.message)
}

function withOptions(config: PostgresConfig, options: ConnectOptions): PostgresConfig {
  const settings = Object.entries(options.settings ?? {}).map(
    ([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, '\\$&')}`,
  )
  const all = [config.options, ...settings].filter((option) => option !== undefined).join(' ')
  return {
    ...config,
    ...(options.applicationName && config.application_name === 'pgstream'
      ? { application_name: options.applicationName }
      : {}),
    ...(options.replication ? { replication: options.replication } : {}),
    ...(all ? { options: all } : {}),
    ...(options.queryTimeoutMs ? { query_timeout: options.queryTimeoutMs } : {}),
  }
}
