import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface CuttableProxy extends AsyncDisposable {
  readonly url: string
  /** Cuts the connections whose first bytes have the text, such as the name of an application. Gives how many. */
  cut(text: string): number
  /** Whether connections that come are cut. */
  refuse(isRefusing: boolean): void
}

const firstBytes = 1000

/** Stands between a client and the server of a URL. */
export async function cuttableProxy(target: string): Promise<CuttableProxy> {
  const { hostname, port } = new URL(target)
  const passing = new Map<Socket, string>()
  let refusing = false
  const server = createServer((client) => {
    client.on('error', () => undefined)
    if (refusing) return void client.destroy()
    const upstream = connect(Number(port), hostname)
    passing.set(client, '')
    client.on('data', (bytes) => {
      const seen = passing.get(client) ?? ''
      if (seen.length < firstBytes) passing.set(client, seen + bytes.toString('latin1'))
      upstream.write(bytes)
    })
    upstream.on('error', () => undefined).on('data', (bytes) => client.write(bytes))
    upstream.once('close', () => client.destroy())
    client.once('close', () => {
      passing.delete(client)
      upstream.destroy()
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = new URL(target)
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: url.href,
    cut: (text) => {
      const found = [...passing].filter(([, seen]) => seen.includes(text))
      for (const [client] of found) client.destroy()
      return found.length
    },
    refuse: (isRefusing) => (refusing = isRefusing),
    [Symbol.asyncDispose]: async () => {
      for (const client of passing.keys()) client.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
