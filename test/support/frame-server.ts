import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { eventually } from './wait.ts'

/** A frame as a Postgres server sends it, with a body of so many bytes. */
export function frame(bodyBytes: number, type = 'd'): Buffer {
  const bytes = Buffer.alloc(5 + bodyBytes, 'x')
  bytes.write(type)
  bytes.writeUInt32BE(4 + bodyBytes, 1)
  return bytes
}

/** What a client says first. */
export function startup(parameters: Readonly<Record<string, string>> = {}): Buffer {
  const words = Object.entries({ user: 'me', ...parameters }).flat()
  const body = Buffer.from([...words, '', ''].join('\0'))
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + body.length)
  head.writeUInt32BE(196_608, 4)
  return Buffer.concat([head, body])
}

/** Sends the same bytes to whoever starts a connection, and keeps it open. */
export interface FrameServer extends AsyncDisposable {
  readonly url: string
  /** Of every connection: what the client sent. */
  readonly heard: readonly Buffer[]
  /** Connections that are open now. */
  readonly sockets: ReadonlySet<Socket>
}

export async function frameServer(bytes: Buffer): Promise<FrameServer> {
  const heard: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const number = heard.push(Buffer.alloc(0)) - 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.once('data', () => socket.write(bytes))
    socket.on('data', (chunk) => (heard[number] = Buffer.concat([heard[number]!, chunk])))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `postgres://me@127.0.0.1:${(server.address() as AddressInfo).port}/shop`,
    heard,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A client that has said something, and what became of it. */
export interface FrameClient extends AsyncDisposable {
  readonly socket: Socket
  /** Everything that was received, chunk by chunk. */
  readonly chunks: Buffer[]
  readonly received: () => number
  /** `end`, or the code of the error that ended it; null while it lives. */
  readonly over: () => string | null
  /** Until so many bytes have arrived. */
  gets(bytes: number): Promise<void>
}

export function frameClient(url: string, said: Buffer = startup()): FrameClient {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  const chunks: Buffer[] = []
  let over: string | null = null
  const received = (): number => chunks.reduce((sum, { length }) => sum + length, 0)
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('end', () => (over ??= 'end'))
  socket.on('error', (error: NodeJS.ErrnoException) => (over ??= String(error.code)))
  socket.write(said)
  return {
    socket,
    chunks,
    received,
    over: () => over,
    gets: async (bytes) => {
      await eventually(() => received() === bytes || Promise.reject(new Error(`${received()} bytes`)), {
        every: 1,
        about: `${bytes} bytes`,
      })
    },
    [Symbol.asyncDispose]: async () => {
      socket.destroy()
    },
  }
}
