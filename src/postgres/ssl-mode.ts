import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { PgstreamError } from '../errors.ts'

/** libpq's words and meanings. `allow` and `prefer` need a second attempt, which `connect` makes. */
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

/**
 * The TLS options of a mode. As with libpq, a root certificate makes `require` check the chain, and
 * `~/.postgresql/root.crt` is used when none is named; without any, the chain is checked against the system's.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID when a named certificate cannot be read.
 */
export function sslFor(mode: SslMode, query: ReadonlyMap<string, string>): ConnectionOptions | false {
  if (mode === 'disable') return false
  const named = query.get('sslrootcert')
  const atHome = join(homedir(), '.postgresql', 'root.crt')
  const root = named === undefined && existsSync(atHome) ? atHome : named
  const ca = root !== undefined && root !== 'system' ? read('sslrootcert', root) : undefined
  const cert = query.get('sslcert')
  const key = query.get('sslkey')
  const verified = mode === 'verify-full' || mode === 'verify-ca' || (mode === 'require' && ca !== undefined)
  return {
    rejectUnauthorized: verified,
    ...(ca === undefined ? {} : { ca }),
    ...(cert ? { cert: read('sslcert', cert) } : {}),
    ...(key ? { key: read('sslkey', key) } : {}),
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  }
}

function read(parameter: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new PgstreamError(
      'PGSTREAM_CONFIG_INVALID',
      `${parameter} of the Postgres URL cannot be read: ${file}.`,
      {
        remedy: 'Name a file that exists and that this user may read.',
        cause,
      },
    )
  }
}
