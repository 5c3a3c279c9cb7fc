import { PgstreamError } from '../errors.ts'
import { isLoopback } from '../telemetry/listen.ts'
import type { ListenPlace } from '../telemetry/listen.ts'

export interface ListenAddress extends ListenPlace {
  /** Only this machine can reach it. */
  readonly isLoopback: boolean
}

/**
 * Reads `host:port`; without a host, and as `localhost`, it is this machine only. `[::]:9900` and `0.0.0.0:9900` are all of its
 * networks.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID
 */
export function readListenAddress(text: string, setting: string): ListenAddress {
  const [, host = '', digits] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(text.trim()) ?? []
  const port = Number(digits)
  if (digits === undefined || port > 65_535) {
    throw new PgstreamError('PGSTREAM_CONFIG_INVALID', `${setting}: not an address such as localhost:9900.`)
  }
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  const at = name === '' || name === 'localhost' ? '127.0.0.1' : name
  return { host: at, port, isLoopback: isLoopback(at) }
}
