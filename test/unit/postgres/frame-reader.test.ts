import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameReader } from '../../../src/postgres/frame-reader.ts'

function frame(type: string, content: Buffer | string): Buffer {
  const bytes = Buffer.alloc(5 + Buffer.byteLength(content))
  bytes.write(type)
  bytes.writeUInt32BE(bytes.length - 1, 1)
  Buffer.from(content).copy(bytes, 5)
  return bytes
}

/** What comes out, as copies; and which memory it lay in. */
function read(chunks: readonly Buffer[]): { frames: Buffer[]; memory: Buffer[] } {
  const frames: Buffer[] = []
  const memory: Buffer[] = []
  const reader = new FrameReader((bytes, start, end) => {
    frames.push(Buffer.from(bytes.subarray(start, end)))
    memory.push(bytes)
  })
  for (const chunk of chunks) reader.read(chunk)
  return { frames, memory }
}

const stream = [
  frame('d', 'w'),
  frame('c', ''),
  frame('d', Buffer.alloc(3_000, 'x')),
  frame('d', Buffer.alloc(20, 7)),
  frame('E', 'end'),
]
const bytes = Buffer.concat(stream)

test('frames come out whole and in order, wherever the stream is cut', () => {
  for (let size = 1; size <= bytes.length; size += size < 20 ? 1 : 97) {
    const chunks: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
    assert.deepEqual(read(chunks).frames, stream, `in chunks of ${size} bytes`)
  }
})

test('a frame in pieces has memory of exactly its length and of its own, one in one piece is not copied', () => {
  const large = frame('d', Buffer.alloc(100_000, 'y'))
  const first = Buffer.concat([stream[0]!, large.subarray(0, 10_000)])
  const { frames, memory } = read([first, large.subarray(10_000)])
  assert.deepEqual(frames, [stream[0], large])
  assert.equal(memory[0], first)
  assert.equal(memory[1]!.length, large.length)
  assert.equal(memory[1]!.buffer.byteLength, large.length)
})

test('a length that no frame has is refused before memory is taken', () => {
  for (const length of [0, 3, 2 ** 30 + 1024, 0xffffffff]) {
    const header = Buffer.from('d....')
    header.writeUInt32BE(length, 1)
    assert.throws(() => read([header]), { code: 'PGSTREAM_PROTOCOL' })
    assert.throws(() => read([header.subarray(0, 2), header.subarray(2)]), { code: 'PGSTREAM_PROTOCOL' })
  }
})
