import { isUtf8 } from 'node:buffer'
import { writeBytes, writeNumber, writePlain, writeText } from './json-bytes.ts'
import { copyRun, endOfRun } from './plain-run.ts'
import { noTuple } from './printed-change.ts'
import type { PrintedChange } from './printed-change.ts'
import { countBytes, isNullAt, valueAt, valueEnd } from './printed-value.ts'
import { shapeBytes } from './shape-json.ts'
import type { ShapeJson } from './shape-json.ts'
import { asBigint, asBoolean, asBytes, asNumber, asNumeric, asText } from './value-kind.ts'
import type { ValueKind } from './value-kind.ts'
import type { Value } from './value.ts'

/** What is not written, because it takes more than there may be room for, or is not as it should be. */
export const notWritten = -1

const letterT = 't'.charCodeAt(0)
const letterA = 'a'.charCodeAt(0)
const letterF = 'f'.charCodeAt(0)
const letterX = 'x'.charCodeAt(0)
const [quote, backslash, space, minus, dot, zero, nine] = [0x22, 0x5c, 0x20, 0x2d, 0x2e, 0x30, 0x39]
/** An escape of two characters for one is room enough: others are not written. */
const mostOfByte = 2
/** Quotes, `null`, or a number that JavaScript writes otherwise than Postgres does. */
const mostOfColumn = 32

/** Four bytes at once are worth while from here on. */
const longText = 64

/** An upper bound of what the rows of a change take, with the new one of an update twice: it may be the identity. */
export const mostOfPrinted = ({ kind, bytes, table }: PrintedChange): number =>
  (kind === 'update' ? 2 : 1) * (mostOfByte * bytes.length + mostOfColumn * table.kinds.length)

/** The columns of the new row, or of what identifies it: `[{…},{…}]`. Gives the place behind them, or `notWritten`. */
export function writePrinted(
  out: Buffer,
  start: number,
  change: PrintedChange,
  shape: ShapeJson,
  which: 'columns' | 'identity',
): number {
  const { bytes, newAt, oldAt, decoder } = change
  const { kinds } = change.table
  const { first, next } = shapeBytes(shape)
  const { isNumeric, isKey } = shape
  const isIdentity = which === 'identity'
  let from = (isIdentity && oldAt !== noTuple ? oldAt : newAt) + countBytes
  let at = start
  let isFirst = true
  for (let i = 0; i < kinds.length; i++) {
    const isNull = isNullAt(bytes, from)
    from = valueAt(bytes, from)
    const end = isNull ? from : valueEnd(bytes, from)
    if (isIdentity && !isKey[i]!) {
      from = end
      continue
    }
    at = writeBytes(out, at, (isFirst ? first : next)[i]!)
    isFirst = false
    if (isNull) {
      at = writePlain(out, at, 'null')
      continue
    }
    const kind = kinds[i]!
    const behind = writePrintedValue(out, at, bytes, from, end, kind, isNumeric[i]!)
    if (behind !== notWritten) at = behind
    else if (kind === asText) return notWritten
    else {
      const value = decoder.value(kind, bytes, from, end)
      if (typeof value === 'number') at = writeNumber(out, at, value)
      else if (typeof value === 'string') at = writeText(out, at, value)
      else return notWritten
    }
    from = end
  }
  return writePlain(out, at, isFirst ? '[]' : '}]')
}

/** Of a column of the new row. */
export function printedValue({ bytes, newAt, table, decoder }: PrintedChange, column: number): Value {
  let from = newAt + countBytes
  for (let i = 0; ; i++) {
    const isNull = isNullAt(bytes, from)
    from = valueAt(bytes, from)
    const end = isNull ? from : valueEnd(bytes, from)
    if (i === column) return isNull ? null : decoder.value(table.kinds[i]!, bytes, from, end)
    from = end
  }
}

/** What a value is in JSON, or `notWritten`. A numeric is a number only where that is asked for. */
export function writePrintedValue(
  out: Buffer,
  start: number,
  bytes: Buffer,
  from: number,
  end: number,
  kind: ValueKind,
  isNumeric: boolean,
): number {
  switch (kind) {
    case asText:
      return isNumeric ? notWritten : writePrintedText(out, start, bytes, from, end)
    case asNumeric:
      return isNumeric ? writePrintedNumber(out, start, bytes, from, end) : notWritten
    case asNumber:
    case asBigint:
      return writePrintedNumber(out, start, bytes, from, end)
    case asBoolean:
      if (end - from !== 1) return notWritten
      if (bytes[from] === letterT) return writePlain(out, start, 'true')
      return bytes[from] === letterF ? writePlain(out, start, 'false') : notWritten
    case asBytes:
      return writePrintedHex(out, start, bytes, from, end)
  }
}

/** Of `\\x` and pairs of digits, the digits in quotes. */
function writePrintedHex(out: Buffer, start: number, bytes: Buffer, from: number, end: number): number {
  if ((end - from) % 2 !== 0 || bytes[from] !== backslash || bytes[from + 1] !== letterX) return notWritten
  let at = start
  out[at++] = quote
  for (let i = from + 2; i < end; i++) {
    const code = bytes[i]!
    if (!(code >= zero && code <= nine) && !(code >= letterA && code <= letterF)) return notWritten
    out[at++] = code
  }
  out[at++] = quote
  return at
}

/** Digits, with a sign and a fraction or without; what JavaScript writes for such a number has the same ones. */
function writePrintedNumber(out: Buffer, start: number, bytes: Buffer, from: number, end: number): number {
  let at = start
  let i = from
  if (bytes[i] === minus) out[at++] = bytes[i++]!
  let digits = 0
  let dots = 0
  for (; i < end; i++) {
    const code = bytes[i]!
    if (code >= zero && code <= nine) digits++
    else if (code === dot && digits > 0 && dots === 0 && i + 1 < end) dots++
    else return notWritten
    out[at++] = code
  }
  return digits > 0 ? at : notWritten
}

/** The letters of escapes of two characters, by what they stand for. */
const letters = new Uint8Array(space)
for (const [code, letter] of [
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [12, 'f'],
  [13, 'r'],
] as const)
  letters[code] = letter.charCodeAt(0)

/** In quotes, and escaped as `JSON.stringify` does it. */
function writePrintedText(out: Buffer, start: number, bytes: Buffer, from: number, end: number): number {
  if (end - from > longText) return writeLongText(out, start, bytes, from, end)
  let at = start
  let all = 0
  out[at++] = quote
  for (let i = from; i < end; i++) {
    let code = bytes[i]!
    if (code < space) {
      code = letters[code]!
      if (code === 0) return notWritten
      out[at++] = backslash
    } else if (code === quote || code === backslash) out[at++] = backslash
    out[at++] = code
    all |= code
  }
  if (all > 0x7f && !isUtf8(bytes.subarray(from, end))) return notWritten
  out[at++] = quote
  return at
}

/** The same, run after run of what is not escaped. */
function writeLongText(out: Buffer, start: number, bytes: Buffer, from: number, end: number): number {
  if (!isUtf8(bytes.subarray(from, end))) return notWritten
  let at = start
  out[at++] = quote
  for (let i = from; ; i++) {
    const stop = endOfRun(bytes, i, end)
    at = copyRun(out, at, bytes, i, stop)
    if (stop === end) break
    const code = bytes[stop]!
    const letter = code < space ? letters[code]! : code
    if (letter === 0) return notWritten
    out[at++] = backslash
    out[at++] = letter
    i = stop
  }
  out[at++] = quote
  return at
}
