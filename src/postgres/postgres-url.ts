import { userInfo } from 'node:os'
import type pg from 'pg'
import { PgstreamError } from '../errors.ts'
import { sslFor } from './ssl-mode.ts'
import type { SslMode } from './ssl-mode.ts'

/** Where to connect and as whom, complete: nothing is left for environment variables but the password. */
export interface PostgresConfig extends pg.ClientConfig {
  user: string
  database: string
  port: number
  host: string
  application_name: string
  connectionTimeoutMillis: number
  sslMode: SslMode
}

/** Parameters of libpq, of drivers and of ORMs that appear in real URLs and mean nothing here. */
const ignored = new Set([
  ...['sslcompression', 'sslsni', 'sslcrl', 'sslcrldir', 'sslpassword', 'ssl_min_protocol_version'],
  ...['ssl_max_protocol_version', 'requirepeer', 'passfile', 'gssencmode', 'krbsrvname', 'gsslib', 'service'],
  ...['target_session_attrs', 'load_balance_hosts', 'fallback_application_name', 'client_encoding'],
  ...['keepalives', 'keepalives_idle', 'keepalives_interval', 'keepalives_count', 'tcp_user_timeout'],
  ...['replication', 'hostaddr', 'require_auth', 'uselibpqcompat', 'schema', 'pgbouncer', 'connection_limit'],
  ...['pool_timeout', 'socket_timeout', 'pool_max_conns', 'binary_parameters', 'prepared_statements'],
])
const understood = new Set([
  ...['host', 'port', 'user', 'password', 'dbname', 'sslmode', 'ssl', 'sslrootcert', 'sslcert', 'sslkey'],
  ...['sslnegotiation', 'channel_binding', 'options', 'application_name', 'connect_timeout'],
])

/** What stands between us and the server forgets connections by which nothing comes. */
const keepAliveMs = 30_000
const scheme = /^postgres(?:ql)?:\/\//i
const server =
  /^(?<host>\[[^\]@/?]*\]|[^:@/?#[\]]*)(?::(?<port>\d*))?(?:\/(?<database>[^/?@]*))?(?:\?(?<query>.*))?$/s

interface Parts {
  user: string | undefined
  password: string | undefined
  host: string
  port: string
  database: string
  query: Map<string, string>
}

/**
 * Reads a URL the way people type it: `postgres://` or `postgresql://` in any case, raw or percent-encoded `#`, `@`,
 * `/`, `?`, `%` in the password, any database name, with or without parameters. Defaults are libpq's: port 5432,
 * the system's user, a database named like the user, TLS where the server offers it.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID; the sentence holds no part of the URL that could be a secret.
 */
export function parsePostgresUrl(url: string): PostgresConfig {
  const { query, ...parts } = split(url.trim())
  const user = (query.get('user') ?? parts.user) || systemUser()
  const host = query.get('host') ?? parts.host
  if (host.includes(',')) {
    throw invalid('names several hosts', 'Name one host: the primary that holds the replication slot.')
  }
  const sslMode = readSslMode(query, host)
  const password = query.get('password') ?? parts.password
  const options = query.get('options')
  return {
    user,
    host: host || 'localhost',
    port: readNumber('port', query.get('port') ?? parts.port, 5432, 65535),
    database: (query.get('dbname') ?? parts.database) || user,
    application_name: query.get('application_name') || 'pgstream',
    connectionTimeoutMillis:
      1000 * (readNumber('connect_timeout', query.get('connect_timeout'), 10, 86400) || 10),
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    sslMode,
    ssl: sslFor(sslMode, query),
    ...(password ? { password } : {}),
    ...(options ? { options } : {}),
    ...(query.get('sslnegotiation') === 'direct' ? { sslnegotiation: 'direct' as const } : {}),
    ...((query.get('channel_binding') ?? 'disable') !== 'disable' ? { enableChannelBinding: true } : {}),
  }
}

/** The URL as it may be shown: without its password, and without parameters that could hold one. */
export function redactUrl(url: string): string {
  try {
    const { user, host, port, database } = parsePostgresUrl(url)
    const name = host.includes(':') ? `[${host}]` : encodeURIComponent(host)
    return `postgres://${encodeURIComponent(user)}@${name}:${port}/${encodeURIComponent(database)}`
  } catch {
    return '(a URL that cannot be read)'
  }
}

/**
 * A raw `@` or `/` makes the end of the password ambiguous: the first `@` after which everything has the form of
 * `host:port/database?parameter=value` is taken, so that only a database name needs its `@` and `/` encoded.
 */
function split(url: string): Parts {
  const rest = scheme.test(url) ? url.replace(scheme, '') : undefined
  if (rest === undefined) throw invalid('does not begin with postgres://')
  let unknown: string | undefined
  for (let at = -1; at < rest.length;) {
    const match = server.exec(rest.slice(at + 1))?.groups
    const query = match && readQuery(match['query'])
    if (query instanceof Map) {
      const [user, ...password] = at < 0 ? [] : rest.slice(0, at).split(':')
      return {
        user: user && decode(user),
        password: decode(password.join(':')),
        host: decode((match?.['host'] ?? '').replace(/^\[|\]$/g, '')),
        port: match?.['port'] ?? '',
        database: decode(match?.['database'] ?? ''),
        query,
      }
    }
    unknown ??= query
    at = rest.indexOf('@', at + 1)
    if (at < 0) break
  }
  if (unknown) throw invalid(`has the unknown parameter ${JSON.stringify(unknown)}`)
  throw invalid('is not of the form postgres://user:password@host:port/database?parameter=value')
}

/** The parameters, or the name of one that nobody knows: a misspelt `sslmode` must not be passed over. */
function readQuery(text: string | undefined): Map<string, string> | string | undefined {
  const query = new Map<string, string>()
  for (const pair of (text ?? '').split('&')) {
    if (pair === '') continue
    const [, name, value] = /^([a-z_]+)=(.*)$/is.exec(pair) ?? []
    if (name === undefined || value === undefined) return undefined
    if (understood.has(name)) query.set(name, decode(value))
    else if (!ignored.has(name)) return name
  }
  return query
}

/** Decodes what is percent-encoded and leaves every other `%` as it is. */
function decode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded)
    } catch {
      return encoded
    }
  })
}

function readSslMode(query: Map<string, string>, host: string): SslMode {
  if (host.startsWith('/')) return 'disable'
  const fromFlag = { true: 'require', '1': 'require', false: 'disable', '0': 'disable' }[
    query.get('ssl') ?? ''
  ]
  const mode = query.get('sslmode') ?? fromFlag ?? 'prefer'
  switch (mode) {
    case 'disable':
    case 'allow':
    case 'prefer':
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return mode
    case 'no-verify':
      return 'require'
    default:
      throw invalid('has an unknown sslmode', 'Use disable, prefer, require, verify-ca or verify-full.')
  }
}

function readNumber(name: string, text: string | undefined, otherwise: number, max: number): number {
  if (!text) return otherwise
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > max) throw invalid(`has a ${name} that is no number up to ${max}`)
  return value
}

function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    return 'postgres'
  }
}

const invalid = (what: string, remedy?: string): PgstreamError =>
  new PgstreamError('PGSTREAM_CONFIG_INVALID', `The Postgres URL ${what}.`, {
    remedy: remedy ?? 'Write it as postgres://user:password@host:5432/database.',
  })
