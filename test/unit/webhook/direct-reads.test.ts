import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { after, test } from 'node:test'
import { directReads, readDirectly } from '../../../src/webhook/direct-reads.ts'

/** Of many sizes. */
const pieces = Array.from({ length: 400 }, (_, i) => randomBytes(1 + ((i * 7919) % 30_000)))
const whole = Buffer.concat(pieces)

const opened: { destroy(): unknown }[] = []
after(() => opened.forEach((each) => each.destroy()))

async function serving(serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    opened.push(socket)
    serve(socket)
  })
  server.listen(0, '127.0.0.1').unref()
  await once(server, 'listening')
  return server
}

async function dial(server: Server): Promise<Socket> {
  const { port } = server.address() as AddressInfo
  const socket = connect({ host: '127.0.0.1', port, onread: directReads })
  opened.push(socket)
  await once(socket, 'connect')
  return socket
}

/** Keeps each piece as it was given until the end. */
async function readAll(socket: Socket): Promise<Buffer> {
  const kept: Buffer[] = []
  socket.on('readable', () => {
    for (let chunk = socket.read() as Buffer | null; chunk; chunk = socket.read() as Buffer | null)
      kept.push(chunk)
  })
  await once(socket, 'end')
  return Buffer.concat(kept)
}

const sendAll = (socket: Socket): void => {
  for (const piece of pieces) socket.write(piece)
  socket.end()
}

test('what many sockets read at the same time is what was sent to each', { timeout: 60_000 }, async () => {
  const server = await serving(sendAll)
  const sockets = await Promise.all(Array.from({ length: 5 }, async () => dial(server)))
  sockets.forEach(readDirectly)
  const read = await Promise.all(sockets.map(readAll))
  for (const bytes of read) assert.ok(bytes.equals(whole))
})

test(
  'what comes before anybody reads, or directly is asked for, is not lost',
  { timeout: 60_000 },
  async () => {
    const server = await serving(sendAll)
    const [late, never] = [await dial(server), await dial(server)]
    readDirectly(late)
    while (late.readableLength === 0 || never.readableLength === 0)
      await new Promise((turn) => setImmediate(turn))
    assert.ok((await readAll(late)).equals(whole))
    assert.ok((await readAll(never)).equals(whole))
  },
)

test('what is left unread, or given back, comes first', { timeout: 60_000 }, async () => {
  const served: Socket[] = []
  const server = await serving((socket) => served.push(socket))
  const socket = await dial(server)
  readDirectly(socket)
  while (served.length === 0) await new Promise((turn) => setImmediate(turn))
  served[0]!.write('ab')
  await once(socket, 'readable')
  const first = socket.read() as Buffer | null
  if (first) socket.unshift(first)
  served[0]!.end('cd')
  assert.equal(String(await readAll(socket)), 'abcd')
})
