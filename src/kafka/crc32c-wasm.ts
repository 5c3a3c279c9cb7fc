import { fillTables } from './crc32c-tables.ts'

/** Bytes that are taken at once: a table for each. */
export const wasmStride = 16
const tableBytes = 1024
const tablesBytes = wasmStride * tableBytes
/** What fits behind the tables into a page of 64 KiB, and into the cache of a processor. */
const windowBytes = 32 * 1024
const word = 4
const words = wasmStride / word

/** Instructions of WebAssembly (https://webassembly.github.io/spec/core/binary/instructions.html), on numbers of 32 bits. */
const block = [0x02, 0x40]
const loop = [0x03, 0x40]
const end = 0x0b
const branch = (depth: number): number[] => [0x0c, depth]
const branchIf = (depth: number): number[] => [0x0d, depth]
const get = (local: number): number[] => [0x20, local]
const set = (local: number): number[] => [0x21, local]
const load = (offset: number): number[] => [0x28, 2, ...unsigned(offset)]
const constant = (value: number): number[] => [0x41, ...signed(value)]
const [notLess, add, and, xor, shiftLeft, shiftRight] = [0x4f, 0x6a, 0x71, 0x73, 0x74, 0x76]
const i32 = 0x7f

/** Parameters, then a local for each word of a stride. */
const [sum, at, stop, firstWord] = [0, 1, 2, 3]

/** `(sum, at, stop) => sum`: slicing by 16, as `crc32c.ts` does it by 8; `stop - at` is a multiple of 16. */
const update: readonly number[] = [
  ...[...block, ...loop, ...get(at), ...get(stop), notLess, ...branchIf(1)],
  ...times(words, (w) => [
    ...get(at),
    ...load(word * w),
    ...(w === 0 ? [...get(sum), xor] : []),
    ...set(firstWord + w),
  ]),
  ...times(wasmStride, (n) => [...tableEntry(n), ...(n === 0 ? [] : [xor])]),
  ...[...set(sum), ...get(at), ...constant(wasmStride), add, ...set(at), ...branch(0), end, end],
  ...[...get(sum), end],
]

/** What the `n`th byte of a stride does to the sum: the byte, times four, is the place in its table. */
function tableEntry(n: number): number[] {
  const bits = 8 * (n % word)
  const shifted = bits === 0 ? [...constant(2), shiftLeft] : [...constant(bits - 2), shiftRight]
  const table = (wasmStride - 1 - n) * tableBytes
  return [...get(firstWord + Math.floor(n / word)), ...shifted, ...constant(0x3fc), and, ...load(table)]
}

function makeModule(): Uint8Array<ArrayBuffer> {
  const code = [1, words, i32, ...update]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, i32, i32, i32, 1, i32]), // a type: three numbers to one
    ...section(3, [1, 0]), // a function of that type
    ...section(5, [1, 0, 1]), // a page of memory
    ...section(7, [2, 1, 0x6d, 2, 0, 1, 0x75, 0, 0]), // exports: memory m, function u
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ])
}

const section = (id: number, body: readonly number[]): number[] => [id, ...unsigned(body.length), ...body]

function times(count: number, make: (n: number) => number[]): number[] {
  return Array.from({ length: count }, (_, n) => make(n)).flat()
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

/** The same of numbers that may be negative; none is here, but the sign has its bit. */
function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)]
}

/** Moves a sum on over `bytes[start, end)`, whose length is a multiple of `wasmStride`. */
export type MoveOn = (sum: number, bytes: Buffer, start: number, end: number) => number

/** As far as it is used here; the types of Node.js leave it to those of browsers. */
interface Wasm {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

interface Exports {
  readonly m: { readonly buffer: ArrayBuffer }
  readonly u: (sum: number, at: number, stop: number) => number
}

/** Null where there is no WebAssembly, as under `--jitless`. */
export function loadWasm(): MoveOn | null {
  const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly?: Wasm }
  if (!wasm) return null
  const { m: memory, u: moveOn } = new wasm.Instance(new wasm.Module(makeModule())).exports as Exports
  fillTables(new Int32Array(memory.buffer, 0, tablesBytes / word))
  const page = new Uint8Array(memory.buffer)
  return (begin, bytes, start, end) => {
    let now = begin
    for (let from = start; from < end; from += windowBytes) {
      const piece = bytes.subarray(from, Math.min(end, from + windowBytes))
      page.set(piece, tablesBytes)
      now = moveOn(now, tablesBytes, tablesBytes + piece.length)
    }
    return now
  }
}
