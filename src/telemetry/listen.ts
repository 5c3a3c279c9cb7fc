import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PgstreamError } from '../errors.ts'

export interface ListenPlace {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
}

/** `http://127.0.0.1:9910`, without a path. */
export const urlOf = ({ host, port }: ListenPlace): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`

/** Whether only this machine can reach it. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)

/** A page of a browser whose own name was made to resolve to this machine calls by that name. */
export const isAddressedToLoopback = ({ headers: { host = '' } }: IncomingMessage): boolean =>
  isLoopback(
    host
      .replace(/:\d+$/, '')
      .replace(/^\[(.*)\]$/, '$1')
      .toLowerCase(),
  )

/**
 * Begins to listen and gives the URL without a path. `setting` is the one that names the address.
 * @throws {PgstreamError} PGSTREAM_ADDRESS_IN_USE when the address cannot be used.
 */
export async function listen(server: Server, { host, port }: ListenPlace, setting: string): Promise<string> {
  try {
    server.listen({ host, port })
    await once(server, 'listening')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const what = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used: ${code ?? message}`
    const shown = urlOf({ host, port }).replace('http://', '')
    throw new PgstreamError('PGSTREAM_ADDRESS_IN_USE', `The address ${shown} ${what}.`, {
      remedy: `Stop whoever listens there, or set another address (${setting}): every pgstream needs its own.`,
      cause,
    })
  }
  // a socket that fails later is its client's trouble
  server.on('error', () => undefined)
  const { port: actual } = server.address() as AddressInfo
  return urlOf({ host, port: actual })
}

/** Why nobody can listen there now; null when it is free. Listens for a moment. */
export async function whyNotListen(place: ListenPlace, setting: string): Promise<PgstreamError | null> {
  const server = createServer()
  try {
    await listen(server, place, setting)
    return null
  } catch (error) {
    return error as PgstreamError
  } finally {
    await stopListening(server)
  }
}

/** Lets go of the address and of every connection. */
export async function stopListening(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
}
