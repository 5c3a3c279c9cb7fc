import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cuttingProxy } from '../../../src/testing/index.ts'
import { frame, frameClient, frameServer, startup } from '../../support/frame-server.ts'
import { eventually } from '../../support/wait.ts'

const replication = startup({ replication: 'database' })
/** Frames of 5, 15, 105 and 100 005 bytes. */
const frames = [0, 10, 100, 100_000].map((bytes) => frame(bytes))
const all = Buffer.concat(frames)
const ends = frames.map((_, i) => Buffer.concat(frames.slice(0, i + 1)).length)

test('a proxy that is told nothing passes every byte in both directions, and both ends', async () => {
  await using server = await frameServer(all)
  await using proxy = await cuttingProxy({ target: server.url })
  await using client = frameClient(proxy.url)
  await client.gets(all.length)
  assert.deepEqual(Buffer.concat(client.chunks), all)
  client.socket.write('more')
  await eventually(() => assert.deepEqual(server.heard, [Buffer.concat([startup(), Buffer.from('more')])]))
  assert.deepEqual(
    proxy.connections.map(({ kind, frames: count, bytes, open }) => [kind, count, bytes, open]),
    [['query', 4, all.length, true]],
  )
  client.socket.end()
  await eventually(() => server.sockets.size === 0 && proxy.connections[0]?.open === false)

  await using other = frameClient(proxy.url)
  await other.gets(all.length)
  for (const socket of server.sockets) socket.end()
  await eventually(() => assert.equal(other.over(), 'end'))
})

test('a cut behind frame k lets exactly k frames pass, one inside it half of its bytes', async () => {
  await using server = await frameServer(all)
  await using proxy = await cuttingProxy({ target: server.url })
  for (const [i, { length }] of frames.entries()) {
    const middle = ends[i]! - length + Math.floor(length / 2)
    for (const [place, bytes] of [
      [{ afterFrames: i + 1 }, ends[i]!],
      [{ insideFrame: i + 1 }, middle],
      [{ afterBytes: middle + 1 }, middle + 1],
    ] as const) {
      for (const then of ['reset', 'end'] as const) {
        const struck = proxy.faultNext({ ...place, then })
        await using client = frameClient(proxy.url)
        await struck
        // Linux gives whoever has not read yet the bytes, and then an end instead of ECONNRESET
        await eventually(
          () => client.over() === 'end' || (then === 'reset' && client.over() === 'ECONNRESET'),
          {
            about: `${then} at ${JSON.stringify(place)}`,
          },
        )
        assert.deepEqual(Buffer.concat(client.chunks), all.subarray(0, bytes))
      }
    }
  }
  await eventually(() => assert.equal(server.sockets.size, 0))
})

test('headers that arrive in pieces are counted all the same', async () => {
  await using server = await frameServer(Buffer.alloc(0))
  await using proxy = await cuttingProxy({ target: server.url })
  const struck = proxy.faultNext({ insideFrame: 3, then: 'end' })
  await using client = frameClient(proxy.url)
  await eventually(() => assert.equal(server.sockets.size, 1))
  const [socket] = server.sockets
  for (const byte of all.subarray(0, 200)) {
    socket!.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await struck
  await client.gets(ends[1]! + Math.floor(frames[2]!.length / 2))
})

test('a fault waits for a connection of its kind and strikes one', async () => {
  await using server = await frameServer(all)
  await using proxy = await cuttingProxy({ target: server.url })
  const struck = proxy.faultNext({ of: 'replication', then: 'reset' })
  await using first = frameClient(proxy.url)
  await first.gets(all.length)
  await using second = frameClient(proxy.url, replication)
  await struck
  await eventually(() => assert.equal(second.over(), 'ECONNRESET'))
  assert.equal(second.received(), 0)
  await using third = frameClient(proxy.url, replication)
  await third.gets(all.length)
  assert.equal(first.over(), null)
})

test('a swallowed connection stays open on both sides, and neither hears anything of the other', async () => {
  await using server = await frameServer(frames[0]!)
  await using proxy = await cuttingProxy({ target: server.url })
  await using client = frameClient(proxy.url, replication)
  await using other = frameClient(proxy.url)
  await client.gets(frames[0]!.length)
  await other.gets(frames[0]!.length)
  assert.equal(proxy.swallow('replication'), 1)
  const [socket, socketOfOther] = server.sockets
  socket!.write(frames[1]!)
  client.socket.write('hello?')
  socketOfOther!.write(frames[1]!)
  await other.gets(frames[0]!.length + frames[1]!.length)
  assert.deepEqual([client.received(), client.over()], [frames[0]!.length, null])
  assert.equal(server.heard[0]?.length, replication.length)
  client.socket.destroy()
  await eventually(() => !proxy.connections[0]!.open)
  assert.ok(server.sockets.has(socket!), 'the server was told')
})

test('a fault can make a connection half-open behind a frame', async () => {
  await using server = await frameServer(all)
  await using proxy = await cuttingProxy({ target: server.url })
  const struck = proxy.faultNext({ afterFrames: 2, then: 'swallow' })
  await using client = frameClient(proxy.url)
  await struck
  await client.gets(ends[1]!)
  assert.equal(client.over(), null)
})

test('byte by byte, and with a delay, everything arrives in many pieces', async () => {
  await using server = await frameServer(all.subarray(0, 500))
  await using proxy = await cuttingProxy({ target: server.url })
  proxy.pace({ chunkBytes: 1 })
  await using client = frameClient(proxy.url)
  await client.gets(500)
  assert.ok(client.chunks.length > 100, `${client.chunks.length} chunks`)
  proxy.pace({ delayMs: 100 })
  const before = performance.now()
  await using delayed = frameClient(proxy.url)
  await delayed.gets(500)
  assert.ok(performance.now() - before >= 99)
})

test('who is refused gets ECONNREFUSED, open connections stay, and the port is the same afterwards', async () => {
  await using server = await frameServer(all)
  await using proxy = await cuttingProxy({ target: server.url })
  await using client = frameClient(proxy.url)
  await client.gets(all.length)
  proxy.refuse()
  await using refused = frameClient(proxy.url)
  await eventually(() => assert.equal(refused.over(), 'ECONNREFUSED'))
  const { url } = proxy
  await proxy.accept()
  assert.equal(proxy.url, url)
  await using accepted = frameClient(url)
  await accepted.gets(all.length)
  assert.equal(proxy.cut('end'), 2)
  await eventually(() => assert.deepEqual([client.over(), accepted.over()], ['end', 'end']))
})

test('who asks for encryption is told that there is none, and goes on in clear', async () => {
  await using server = await frameServer(all)
  await using proxy = await cuttingProxy({ target: server.url })
  const request = Buffer.from('0000000804d2162f', 'hex')
  await using client = frameClient(proxy.url, request)
  await client.gets(1)
  client.socket.write(replication)
  await client.gets(1 + all.length)
  assert.equal(String(client.chunks[0]), 'N')
  assert.deepEqual(server.heard, [replication])
  assert.equal(proxy.connections[0]?.kind, 'replication')
})
