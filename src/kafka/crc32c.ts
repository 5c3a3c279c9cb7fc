import { fillTables } from './crc32c-tables.ts'
import { loadWasm, wasmStride } from './crc32c-wasm.ts'
import type { MoveOn } from './crc32c-wasm.ts'

/** Bytes that are taken at once. */
const stride = 8
/** Fewer are not worth a copy. */
const fewBytes = 512

const tables = fillTables(new Int32Array(256 * stride))
/** Loaded when it is first needed. */
let wasm: MoveOn | null | undefined

/**
 * The CRC-32C of the bytes from `start` to the end, as record batches of Kafka carry it; not the CRC-32 that zlib computes.
 * WebAssembly takes a third of the time of JavaScript, which looks at the bounds of each access (test/bench/README.md).
 */
export function crc32c(bytes: Buffer, start = 0): number {
  if (bytes.length - start < fewBytes) return crc32cByTables(bytes, start)
  wasm ??= loadWasm()
  if (wasm === null) return crc32cByTables(bytes, start)
  const whole = bytes.length - ((bytes.length - start) % wasmStride)
  return ~sliced(wasm(-1, bytes, start, whole), bytes, whole) >>> 0
}

/** The same in JavaScript alone. */
export const crc32cByTables = (bytes: Buffer, start = 0): number => ~sliced(-1, bytes, start) >>> 0

function sliced(begin: number, bytes: Buffer, start: number): number {
  const t = tables
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const end = bytes.length
  let sum = begin
  let at = start
  for (const last = end - stride; at <= last; at += stride) {
    const first = sum ^ words.getInt32(at, true)
    const second = words.getInt32(at + 4, true)
    sum =
      t[1792 + (first & 0xff)]! ^
      t[1536 + ((first >>> 8) & 0xff)]! ^
      t[1280 + ((first >>> 16) & 0xff)]! ^
      t[1024 + (first >>> 24)]! ^
      t[768 + (second & 0xff)]! ^
      t[512 + ((second >>> 8) & 0xff)]! ^
      t[256 + ((second >>> 16) & 0xff)]! ^
      t[second >>> 24]!
  }
  for (; at < end; at++) sum = t[(sum ^ bytes[at]!) & 0xff]! ^ (sum >>> 8)
  return sum
}
