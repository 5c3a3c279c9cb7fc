import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PgstreamError } from '../errors.ts'
import type { ListenAddress } from './listen-address.ts'

/**
 * Begins to listen and gives the URL without a path.
 * @throws {PgstreamError} PGSTREAM_ADDRESS_IN_USE
 */
export async function listen(
  server: Server,
  { host, port }: ListenAddress,
  setting: string,
): Promise<string> {
  try {
    server.listen({ host, port })
    await once(server, 'listening')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'EADDRINUSE' ? 'somebody else listens there' : String(code ?? cause)
    const shown = host.includes(':') ? `[${host}]` : host
    throw new PgstreamError(
      'PGSTREAM_ADDRESS_IN_USE',
      `Nothing can be served at ${shown}:${port} (${setting}): ${why}.`,
      {
        cause,
      },
    )
  }
  const { port: actual } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`
}

/** Lets go of the address and of every connection. */
export async function stopListening(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
}
