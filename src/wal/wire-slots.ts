import { endOfRun } from './plain-run.ts'
import type { Value } from './value.ts'
import { asBigint, asBytes, asNumber, asNumeric, asText } from './value-kind.ts'
import type { ValueKind } from './value-kind.ts'
import { isNumericType } from './wire-values.ts'

/** What a place in wire JSON holds that differs from row to row: a value of a column, or one of those below. */
export type SlotKind = ValueKind | 10 | 11
/** Between quotes, and without any escape: a time or an LSN. */
export const plain = 10
/** A safe integer. */
export const integer = 11

/** What is not as it is usually written. */
export const notThere = -1

const [quote, backslash, space, minus, dot, zero, nine] = [0x22, 0x5c, 0x20, 0x2d, 0x2e, 0x30, 0x39]
const [a, f, t, n, e, bigE, u, plus] = [...Buffer.from('aftneEu+')] as [
  ...[number, number, number, number, number, number, number, number],
]
const words = { null: Buffer.from('null'), true: Buffer.from('true'), false: Buffer.from('false') }
const notFinite = ['"NaN"', '"Infinity"', '"-Infinity"'].map((word) => Buffer.from(word))
const escapes = new Set(Buffer.from('"\\/bfnrt'))
const mostOfInteger = 15
const mostOfBigint = 19
/** Four bytes at once are worth while from here on. */
const longText = 64

/** As `readValue` tells them apart. */
export function kindOfType(type: string): ValueKind {
  switch (type) {
    case 'bigint':
      return asBigint
    case 'smallint':
    case 'integer':
    case 'oid':
    case 'real':
    case 'double precision':
      return asNumber
    case 'bytea':
      return asBytes
    default:
      return isNumericType(type) ? asNumeric : asText
  }
}

/** Whether `piece` stands at this place. */
export function isAt(bytes: Buffer, at: number, piece: Buffer): boolean {
  if (at + piece.length > bytes.length) return false
  for (let i = 0; i < piece.length; i++) if (bytes[at + i] !== piece[i]) return false
  return true
}

/** The place behind what a slot holds, if that is written as pgstream writes it; `notThere` otherwise. */
export function endOfSlot(kind: SlotKind, bytes: Buffer, at: number): number {
  if (kind === plain) return endOfPlain(bytes, at)
  if (kind === integer) return endOfDigits(bytes, at, mostOfInteger)
  const first = bytes[at]
  if (first === n) return isAt(bytes, at, words.null) ? at + 4 : notThere
  if (first === t) return isAt(bytes, at, words.true) ? at + 4 : notThere
  if (first === f) return isAt(bytes, at, words.false) ? at + 5 : notThere
  switch (kind) {
    case asBigint:
      return first === minus && bytes[at + 1] === zero ? notThere : endOfDigits(bytes, at, mostOfBigint)
    case asNumber:
    case asNumeric:
      return first === quote ? endOfNotFinite(bytes, at) : endOfNumber(bytes, at, kind === asNumber)
    case asBytes:
      return endOfHex(bytes, at)
    default:
      return endOfText(bytes, at)
  }
}

function endOfPlain(bytes: Buffer, start: number): number {
  for (let at = start; at < bytes.length; at++) {
    const code = bytes[at]!
    if (code === quote) return at
    if (code === backslash || code < space) return notThere
  }
  return notThere
}

/** Without zeros before them, which JSON does not have. */
function endOfDigits(bytes: Buffer, start: number, most: number): number {
  const from = bytes[start] === minus ? start + 1 : start
  let at = from
  while (at < bytes.length && isDigit(bytes[at]!)) at++
  const digits = at - from
  return digits === 0 || digits > most || (digits > 1 && bytes[from] === zero) ? notThere : at
}

function endOfNumber(bytes: Buffer, start: number, withExponent: boolean): number {
  let at = endOfDigits(bytes, start, Infinity)
  if (at === notThere) return notThere
  if (bytes[at] === dot) {
    const from = ++at
    while (at < bytes.length && isDigit(bytes[at]!)) at++
    if (at === from) return notThere
  }
  if (bytes[at] !== e && bytes[at] !== bigE) return at
  if (!withExponent) return notThere
  at++
  if (bytes[at] === plus || bytes[at] === minus) at++
  const from = at
  while (at < bytes.length && isDigit(bytes[at]!)) at++
  return at === from ? notThere : at
}

function endOfNotFinite(bytes: Buffer, at: number): number {
  const word = notFinite.find((piece) => isAt(bytes, at, piece))
  return word ? at + word.length : notThere
}

function endOfHex(bytes: Buffer, start: number): number {
  if (bytes[start] !== quote) return notThere
  let at = start + 1
  for (let code = bytes[at]; at < bytes.length && code !== quote; code = bytes[++at])
    if (!isDigit(code!) && !(code! >= a && code! <= f)) return notThere
  return at < bytes.length && (at - start) % 2 === 1 ? at + 1 : notThere
}

function endOfText(bytes: Buffer, start: number): number {
  if (bytes[start] !== quote) return notThere
  const near = start + longText
  for (let at = start + 1; at < bytes.length; at++) {
    if (at > near) at = endOfRun(bytes, at, bytes.length)
    const code = bytes[at]
    if (code === quote) return at + 1
    if (code === undefined || code < space) return notThere
    if (code !== backslash) continue
    const letter = bytes[++at]!
    if (letter === u) {
      if (!/^[0-9a-f]{4}$/i.test(bytes.toString('latin1', at + 1, at + 5))) return notThere
      at += 4
    } else if (!escapes.has(letter)) return notThere
  }
  return notThere
}

const isDigit = (code: number): boolean => code >= zero && code <= nine

/** The value of a column, at `start` up to what `endOfSlot` gave. */
export function readSlot(kind: ValueKind, bytes: Buffer, start: number, end: number): Exclude<Value, symbol> {
  const first = bytes[start]
  if (first === n) return null
  if (first === t) return true
  if (first === f) return false
  switch (kind) {
    case asBigint:
      return BigInt(
        end - start > mostOfInteger ? bytes.toString('latin1', start, end) : readInteger(bytes, start, end),
      )
    case asNumber:
      return Number(
        first === quote ? bytes.toString('latin1', start + 1, end - 1) : bytes.toString('latin1', start, end),
      )
    case asNumeric:
      return first === quote
        ? bytes.toString('latin1', start + 1, end - 1)
        : bytes.toString('latin1', start, end)
    case asBytes:
      return Buffer.from(bytes.toString('latin1', start + 1, end - 1), 'hex')
    default:
      return readText(bytes, start, end)
  }
}

/** Of at most 15 digits. */
export function readInteger(bytes: Buffer, start: number, end: number): number {
  const isNegative = bytes[start] === minus
  let value = 0
  for (let at = isNegative ? start + 1 : start; at < end; at++) value = value * 10 + bytes[at]! - zero
  return isNegative ? -value : value
}

function readText(bytes: Buffer, start: number, end: number): string {
  if (endOfRun(bytes, start + 1, end - 1) < end - 1)
    return JSON.parse(bytes.toString('utf8', start, end)) as string
  return bytes.toString('utf8', start + 1, end - 1)
}
