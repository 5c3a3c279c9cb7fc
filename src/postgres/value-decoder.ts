import { PgstreamError } from '../errors.ts'
import type { Value } from '../wal/value.ts'
import { asBigint, asBoolean, asBytes, asNumber, asNumeric, asText } from '../wal/value-kind.ts'
import type { ValueKind } from '../wal/value-kind.ts'
import { boolOid, byteaOid, int8Oid, numberOids, numericOid } from './builtin-types.ts'

export function valueKindOf(typeOid: number): ValueKind {
  if (typeOid === boolOid) return asBoolean
  if (typeOid === int8Oid) return asBigint
  if (typeOid === byteaOid) return asBytes
  if (typeOid === numericOid) return asNumeric
  return numberOids.has(typeOid) ? asNumber : asText
}

const numericText = /^-?(\d+(\.\d+)?|Infinity)$|^NaN$/
const letterF = 0x66
const letterT = 0x74
const minus = 0x2d
const hexPrefix = Buffer.from('\\x')

/**
 * Decodes what Postgres printed at `bytes[start, end)`. Copies: the buffer belongs to the socket.
 * @throws {PgstreamError} PGSTREAM_PROTOCOL for what no value of the type is printed as.
 */
export function decodeValue(kind: ValueKind, bytes: Buffer, start: number, end: number): Value {
  switch (kind) {
    case asText:
      return bytes.toString('utf8', start, end)
    case asBoolean:
      if (end - start !== 1 || (bytes[start] !== letterT && bytes[start] !== letterF))
        throw unreadable('boolean')
      return bytes[start] === letterT
    case asNumber:
      return smallInteger(bytes, start, end) ?? otherNumber(bytes.toString('latin1', start, end))
    case asBigint: {
      const small = smallInteger(bytes, start, end)
      return small === undefined ? largeInteger(bytes.toString('latin1', start, end)) : BigInt(small)
    }
    case asBytes:
      return decodeHex(bytes, hexStart(bytes, start), end)
    case asNumeric: {
      const text = bytes.toString('latin1', start, end)
      if (!numericText.test(text)) throw unreadable('numeric')
      return text
    }
  }
}

/** Where the digits begin of a bytea printed at `start`. @throws {PgstreamError} PGSTREAM_PROTOCOL */
export function hexStart(bytes: Buffer, start: number): number {
  if (bytes[start] !== hexPrefix[0] || bytes[start + 1] !== hexPrefix[1]) throw unreadable('bytea')
  return start + hexPrefix.length
}

/** @throws {PgstreamError} PGSTREAM_PROTOCOL for what is not pairs of hexadecimal digits. */
export function decodeHex(bytes: Buffer, start: number, end: number): Buffer {
  const decoded = Buffer.from(bytes.toString('latin1', start, end), 'hex')
  if (decoded.length * 2 !== end - start) throw unreadable('bytea')
  return decoded
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

function otherNumber(text: string): number {
  const value = Number(text)
  if (text === '' || (Number.isNaN(value) && text !== 'NaN')) throw unreadable('number')
  return value
}

function largeInteger(text: string): bigint {
  if (!/^-?\d+$/.test(text)) throw unreadable('bigint')
  return BigInt(text)
}

export const unreadable = (what: string): PgstreamError =>
  new PgstreamError('PGSTREAM_PROTOCOL', `a value is not printed as a ${what} is`)
