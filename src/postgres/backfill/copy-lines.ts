import { PgstreamError } from '../../errors.ts'
import type { Value } from '../../wal/value.ts'
import { decodeText, decodeValue } from '../value-decoder.ts'
import type { ValueKind } from '../../wal/value-kind.ts'

const tab = 0x09
const newline = 0x0a
const backslash = 0x5c
const letterN = 0x4e
const firstBytes = 64 * 1024
/** A part of a string keeps the whole of it: not for large ones. */
const longestPlain = 16 * 1024

/** What stands behind a backslash for a byte that would end a field or a line; others stand for themselves. */
const escaped = new Map<number, number>([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x76, 0x0b],
])

export interface DecodedLine {
  readonly values: Value[]
  /** That it came in. */
  readonly bytes: number
}

/**
 * Rows in the text format of COPY (https://www.postgresql.org/docs/current/sql-copy.html), kept as the bytes that came:
 * what they take is what is counted. They are decoded one by one, when they are wanted.
 */
export class CopyLines {
  #bytes: Buffer = Buffer.allocUnsafe(firstBytes)
  #length = 0
  #rows = 0

  get rows(): number {
    return this.#rows
  }

  get bytes(): number {
    return this.#length
  }

  /** One row with its newline. Copies. */
  add(line: Buffer): void {
    const length = this.#length + line.length
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    line.copy(this.#bytes, this.#length)
    this.#length = length
    this.#rows++
  }

  /**
   * The rows, in order.
   * @throws {PgstreamError} PGSTREAM_PROTOCOL for a row that has not as many columns.
   */
  *decode(kinds: readonly ValueKind[]): Generator<DecodedLine, undefined> {
    for (let at = 0; at < this.#length;) {
      const end = endOfLine(this.#bytes, at, this.#length)
      yield { values: decodeLine(this.#bytes, at, end, kinds), bytes: end - at }
      at = end + 1
    }
  }

  /** The values of the last row; undefined when there is none. */
  last(kinds: readonly ValueKind[]): Value[] | undefined {
    if (this.#rows === 0) return undefined
    const before = this.#length < 2 ? -1 : this.#bytes.lastIndexOf(newline, this.#length - 2)
    return decodeLine(this.#bytes, before + 1, this.#length - 1, kinds)
  }
}

function endOfLine(bytes: Buffer, from: number, length: number): number {
  const end = bytes.indexOf(newline, from)
  return end < 0 || end >= length ? length : end
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
      byte = escaped.get(byte) ?? byte
    }
    plain[length++] = byte
  }
  return decodeValue(kind, plain, 0, length)
}
