import type { Value } from '../wal/value.ts'
import { boolOid, byteaOid, int8Oid, numberOids } from './builtin-types.ts'

/** How a column's text becomes a value: small integers, because the decoder switches on them once per value. */
export type ValueKind = 0 | 1 | 2 | 3 | 4
const asText = 0
const asBoolean = 1
const asNumber = 2
const asBigint = 3
const asBytes = 4

export function valueKindOf(typeOid: number): ValueKind {
  if (typeOid === boolOid) return asBoolean
  if (typeOid === int8Oid) return asBigint
  if (typeOid === byteaOid) return asBytes
  return numberOids.has(typeOid) ? asNumber : asText
}

const letterT = 0x74
const minus = 0x2d
const hexPrefix = 2 // \x

/** Decodes what Postgres printed at `bytes[start, end)`. Copies: the buffer belongs to the socket. */
export function decodeValue(kind: ValueKind, bytes: Buffer, start: number, end: number): Value {
  switch (kind) {
    case asText:
      return bytes.toString('utf8', start, end)
    case asBoolean:
      return bytes[start] === letterT
    case asNumber:
      return smallInteger(bytes, start, end) ?? Number(bytes.toString('latin1', start, end))
    case asBigint: {
      const small = smallInteger(bytes, start, end)
      return BigInt(small ?? bytes.toString('latin1', start, end))
    }
    case asBytes:
      return Buffer.from(bytes.toString('latin1', start + hexPrefix, end), 'hex')
  }
}

/** Integers of up to 15 digits without making a string; undefined when the text is something else (or minus zero). */
function smallInteger(bytes: Buffer, start: number, end: number): number | undefined {
  const negative = bytes[start] === minus
  let at = negative ? start + 1 : start
  if (end - at > 15 || at === end) return undefined
  let value = 0
  for (; at < end; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  if (!negative) return value
  return value === 0 ? undefined : -value
}
