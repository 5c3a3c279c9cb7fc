import { PgstreamError } from '../../errors.ts'
import { nullFormat, textFormat } from '../../wal/printed-bytes.ts'
import { mostOfSlab, slabs } from '../../wal/slab.ts'
import type { Value } from '../../wal/value.ts'
import type { ValueKind } from '../../wal/value-kind.ts'
import { decodeText, decodeValue } from '../value-decoder.ts'

const tab = 0x09
const backslash = 0x5c
const letterN = 0x4e
/** A part of a string keeps the whole of it: not for large ones. */
const longestPlain = 16 * 1024

/** What stands behind a backslash for a byte that would end a field or a line; others stand for themselves. */
const escaped: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => code)
for (const [letter, code] of [
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x76, 0x0b],
] as const)
  escaped[letter] = code

/** One row in the text format of COPY, without its newline. */
export class CopyLine {
  readonly #memory: Buffer
  readonly #start: number
  readonly #end: number

  constructor(memory: Buffer, start: number, end: number) {
    this.#memory = memory
    this.#start = start
    this.#end = end
  }

  /** That it came in. */
  get bytes(): number {
    return this.#end - this.#start
  }

  /** @throws {PgstreamError} PGSTREAM_PROTOCOL for a row that has not as many columns. */
  values(kinds: readonly ValueKind[]): Value[] {
    return decodeLine(this.#memory, this.#start, this.#end, kinds)
  }

  /**
   * The row as pgoutput would send it, in memory that nobody else writes to
   * (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html); null for one that is long.
   * @throws {PgstreamError} PGSTREAM_PROTOCOL for a row that has not as many columns.
   */
  tuple(columns: number): Buffer | null {
    const most = countBytes + columns * headBytes + this.bytes
    if (most > mostOfSlab) return null
    const out = slabs.withRoom(most)
    const start = slabs.used
    const end = writeTuple(out, start, this.#memory, this.#start, this.#end, columns)
    slabs.use(end)
    return out.subarray(start, end)
  }
}

/** Of the count of columns, and before each value: what it is, and its length. */
const [countBytes, headBytes] = [2, 5]

function writeTuple(
  out: Buffer,
  start: number,
  bytes: Buffer,
  lineStart: number,
  lineEnd: number,
  columns: number,
): number {
  let at = out.writeUInt16BE(columns, start)
  let from = lineStart
  for (let left = columns; left > 0; left--) {
    if (from > lineEnd) throw misshapen()
    if (bytes[from] === backslash && bytes[from + 1] === letterN) {
      out[at++] = nullFormat
      from += 2
    } else {
      out[at] = textFormat
      const valueAt = at + headBytes
      let to = valueAt
      for (; from < lineEnd; from++) {
        let byte = bytes[from]!
        if (byte === tab) break
        if (byte === backslash) byte = escaped[bytes[++from]!]!
        out[to++] = byte
      }
      out.writeInt32BE(to - valueAt, at + 1)
      at = to
    }
    if (from < lineEnd && bytes[from] !== tab) throw misshapen()
    from++
  }
  if (columns > 0 && from !== lineEnd + 1) throw misshapen()
  return at
}

function decodeLine(bytes: Buffer, start: number, end: number, kinds: readonly ValueKind[]): Value[] {
  if (kinds.length === 0) return []
  if (end - start <= longestPlain) {
    const text = bytes.toString('utf8', start, end)
    if (!text.includes('\\')) return decodePlain(text, kinds)
  }
  return decodeEscaped(bytes, start, end, kinds)
}

/** Most lines: a part of one string costs less than a string for each value. */
function decodePlain(text: string, kinds: readonly ValueKind[]): Value[] {
  const row = new Array<Value>(kinds.length)
  let from = 0
  for (let column = 0; column < kinds.length; column++) {
    const isLast = column === kinds.length - 1
    const to = isLast ? text.length : text.indexOf('\t', from)
    if (to < 0 || from > text.length || (isLast && text.includes('\t', from))) throw misshapen()
    row[column] = decodeText(kinds[column]!, text.slice(from, to))
    from = to + 1
  }
  return row
}

function decodeEscaped(bytes: Buffer, start: number, end: number, kinds: readonly ValueKind[]): Value[] {
  const row = new Array<Value>(kinds.length)
  let column = 0
  let from = start
  let isEscaped = false
  for (let at = start; at <= end; at++) {
    const byte = at === end ? tab : bytes[at]
    if (byte === backslash) {
      isEscaped = true
      at++
    } else if (byte === tab) {
      if (column === kinds.length) break
      row[column] = decodeField(bytes, from, at, kinds[column]!, isEscaped)
      column++
      from = at + 1
      isEscaped = false
    }
  }
  if (column !== kinds.length || from !== end + 1) throw misshapen()
  return row
}

const misshapen = (): PgstreamError =>
  new PgstreamError('PGSTREAM_PROTOCOL', 'COPY sent a row that has not the columns asked for')

function decodeField(bytes: Buffer, start: number, end: number, kind: ValueKind, isEscaped: boolean): Value {
  if (!isEscaped) return decodeValue(kind, bytes, start, end)
  if (end - start === 2 && bytes[start + 1] === letterN) return null
  const plain = Buffer.allocUnsafe(end - start)
  let length = 0
  for (let at = start; at < end; at++) {
    let byte = bytes[at]!
    if (byte === backslash) {
      byte = bytes[++at]!
      byte = escaped[byte]!
    }
    plain[length++] = byte
  }
  return decodeValue(kind, plain, 0, length)
}
