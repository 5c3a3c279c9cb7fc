import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A port behind which now one server stands and now another. */
export interface Redirect extends AsyncDisposable {
  /** The URL with this port. */
  of(url: string): string
  /** Ends all connections; the next go to the server of this URL, or to none. */
  to(url: string | null): void
}

export async function redirect(): Promise<Redirect> {
  const sockets = new Set<Socket>()
  let target: URL | null = null
  const server = createServer((client) => {
    if (!target) return void client.destroy()
    const upstream = connect(Number(target.port), target.hostname)
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    of: (url) => {
      const here = new URL(url)
      here.port = String(port)
      return here.href
    },
    to: (url) => {
      target = url === null ? null : new URL(url)
      for (const socket of sockets) socket.destroy()
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
