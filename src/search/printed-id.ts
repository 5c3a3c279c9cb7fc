import { writeBytes } from '../wal/json-bytes.ts'
import { notWritten, printedValue } from '../wal/printed-bytes.ts'
import type { PrintedChange } from '../wal/printed-change.ts'
import { countBytes, isNullAt, valueAt, valueEnd } from '../wal/printed-value.ts'
import { asBigint, asNumber, asText } from '../wal/value-kind.ts'
import type { ValueKind } from '../wal/value-kind.ts'
import { idOf } from './row-shape.ts'
import type { RowShape } from './row-shape.ts'

const [quote, backslash, space, lastOfPlain] = [0x22, 0x5c, 0x20, 0x7e]
const [minus, zero, nine] = [0x2d, 0x30, 0x39]
/** How the text of a hash begins: what looks like one becomes one. */
const letterS = 0x73
/** In bytes; what is longer may be hashed. */
const longest = 128
/** Of more JavaScript may write others, or other words. */
const digitsOfNumber = 15

/**
 * Writes the id of a row whose identity is one plain value as Postgres printed it, in quotes: the bytes of what `idOf` gives,
 * without the four strings on the way there (test/bench/README.md). `notWritten` for any other.
 */
export function writePrintedId(
  out: Buffer,
  start: number,
  { identityAt, bytes: { idHead } }: RowShape,
  { bytes, newAt, table: { kinds } }: PrintedChange,
): number {
  if (identityAt?.length !== 1) return notWritten
  const place = identityAt[0]!
  let from = newAt + countBytes
  for (let i = 0; i < place; i++) {
    const isNull = isNullAt(bytes, from)
    from = valueAt(bytes, from)
    if (!isNull) from = valueEnd(bytes, from)
  }
  if (isNullAt(bytes, from)) return notWritten
  from = valueAt(bytes, from)
  const end = valueEnd(bytes, from)
  const kind = kinds[place]!
  if (end - from > (kind === asNumber ? digitsOfNumber : longest)) return notWritten
  const isPlain = plainByKind[kind]
  if (!isPlain || bytes[from] === letterS) return notWritten
  let at = writeBytes(out, start, idHead)
  for (let i = from; i < end; i++) {
    const code = bytes[i]!
    if (!isPlain(code)) return notWritten
    out[at++] = code
  }
  out[at] = quote
  return at + 1
}

/** The same as a string; null where a value of the identity is not known. */
export function printedId({ table, identityAt }: RowShape, change: PrintedChange): string | null {
  return identityAt === null
    ? null
    : idOf(
        table,
        identityAt.map((at) => printedValue(change, at)),
      )
}

/** Of a number whose digits are those that JavaScript writes. */
const isDigit = (code: number): boolean => (code >= zero && code <= nine) || code === minus

const isPlainText = (code: number): boolean =>
  code >= space && code <= lastOfPlain && code !== quote && code !== backslash

const plainByKind: Readonly<Partial<Record<ValueKind, (code: number) => boolean>>> = {
  [asText]: isPlainText,
  [asNumber]: isDigit,
  [asBigint]: isDigit,
}
