import { writeBytes, writeInteger, writePlain, writeText } from '../wal/json-bytes.ts'
import type { Filling } from '../wal/large-json.ts'
import { notWritten, writePrintedValue } from '../wal/printed-bytes.ts'
import { asBigint, asBoolean, asBytes, asNumber, asNumeric, asText } from '../wal/value-kind.ts'
import type { ValueKind } from '../wal/value-kind.ts'
import type { Value } from '../wal/value.ts'
import type { ColumnType } from './field-kind.ts'
import { isPlainObject, isPlainObjectAt, longestNumber } from './value-json.ts'
import type { WriteMembers } from './value-json.ts'

/** Writes the members of a document for one value to `out` at `at`, with a comma before each, and gives the place behind them. */
export interface MemberBytes {
  readonly write: (out: Buffer, at: number, value: Value) => number
  /** The same for what Postgres printed at `bytes[from, end)`; `notWritten` for what is to become a value first. */
  readonly writePrinted: (
    out: Buffer,
    at: number,
    bytes: Buffer,
    from: number,
    end: number,
    kind: ValueKind,
  ) => number
  /** The most bytes for a text of so many characters. */
  readonly most: (length: number) => number
}

export interface MemberBytesOptions {
  readonly field: string
  readonly type: ColumnType
  readonly objects: boolean
  /** Writes what is not usual. */
  readonly members: WriteMembers
}

const mostOfCharacter = 6
/** Of ranges, lists and whatever else is written in several forms. */
export const mostOfOther = 20
const mostOfFrame = 128
const none: Filling[] = []

/** The usual values of a column as bytes, without a string in between: the same bytes as `membersWriter` gives. */
export function memberBytes({ field, type, objects, members }: MemberBytesOptions): MemberBytes {
  const main = Buffer.from(`,${JSON.stringify(field)}:`)
  const exact = Buffer.from(`,${JSON.stringify(`${field}-exact`)}:`)
  const object = Buffer.from(`,${JSON.stringify(`${field}-object`)}:`)
  const usual = usualText(type)
  const nothing = Buffer.from(`,${members(null, none)}`)
  const names = 3 * main.length + mostOfFrame
  const other = (out: Buffer, at: number, value: Value): number =>
    writePlain(out, at, `,${members(value, none)}`)
  const text = (out: Buffer, start: number, value: string): number => {
    switch (usual) {
      case 'text':
        return writeText(out, writeBytes(out, start, main), value)
      case 'decimal': {
        if (!isPlainNumber(value)) break
        const at = writePlain(out, writeBytes(out, start, main), value)
        return writeQuoted(out, writeBytes(out, at, exact), value)
      }
      case 'date': {
        const at = writeBytes(out, start, main)
        // where it is to stand
        const end = writePlain(out, at + 1, value)
        const behind = writeDate(out, at, out, at + 1, end)
        if (behind === notWritten) break
        return behind
      }
      case 'json': {
        const at = writeText(out, writeBytes(out, start, main), value)
        return objects && isPlainObject(value) ? writeAll(out, writeBytes(out, at, object), value) : at
      }
      case null:
    }
    return other(out, start, value)
  }
  return {
    most: (length) => names + length * (usual === 'text' ? mostOfCharacter : mostOfOther),
    write: (out, at, value) => {
      switch (typeof value) {
        case 'string':
          return text(out, at, value)
        case 'number':
          if (isInteger(value)) return writeInteger(out, writeBytes(out, at, main), value)
          if (!Number.isFinite(value) || value === 0) return other(out, at, value)
          return writePlain(out, writeBytes(out, at, main), String(value))
        case 'bigint':
          return writeBigint(out, writeBytes(out, at, main), value)
        case 'boolean':
          return writePlain(out, writeBytes(out, at, main), value ? 'true' : 'false')
        default:
          return value === null ? writeBytes(out, at, nothing) : other(out, at, value)
      }
    },
    writePrinted: (out, start, bytes, from, end, kind) => {
      const at = writeBytes(out, start, main)
      switch (kind) {
        case asNumber:
        case asBigint:
        case asBoolean:
          return writePrintedValue(out, at, bytes, from, end, kind, false)
        case asText:
          if (usual === 'text') return writePrintedValue(out, at, bytes, from, end, kind, false)
          if (usual === 'date') return writeDate(out, at, bytes, from, end)
          return usual === 'json' ? writeJson(out, at, bytes, from, end, objects ? object : null) : notWritten
        case asNumeric: {
          if (usual !== 'decimal' || end - from > longestNumber) return notWritten
          const behind = writePrintedValue(out, at, bytes, from, end, kind, true)
          if (behind === notWritten) return notWritten
          return writePrintedValue(out, writeBytes(out, behind, exact), bytes, from, end, asText, false)
        }
        case asBytes:
          return notWritten
      }
    },
  }
}

/** As a text and, where `object` is the name of that, as it is. */
function writeJson(
  out: Buffer,
  start: number,
  bytes: Buffer,
  from: number,
  end: number,
  object: Buffer | null,
): number {
  const isObject = object !== null && isPlainObjectAt(bytes, from, end)
  if (isObject === null) return notWritten
  const at = writePrintedValue(out, start, bytes, from, end, asText, false)
  if (at === notWritten || !isObject) return at
  const behind = writeBytes(out, at, object)
  return behind + bytes.copy(out, behind, from, end)
}

/** Of a long text a call into the runtime costs less than a loop over its characters. */
const writeAll = (out: Buffer, at: number, text: string): number =>
  text.length > longText ? at + out.write(text, at) : writePlain(out, at, text)

const longText = 24

function usualText({ kind, isList, base }: ColumnType): 'text' | 'decimal' | 'date' | 'json' | null {
  if (isList || base === 'bytea') return null
  if (kind === 'text' || kind === 'keyword') return 'text'
  return kind === 'decimal' || kind === 'date' || kind === 'json' ? kind : null
}

/** One that has the same digits as what JavaScript writes: not minus zero, and not 1e21. */
const isInteger = (value: number): boolean => Number.isSafeInteger(value) && !Object.is(value, -0)

export function writeBigint(out: Buffer, at: number, value: bigint): number {
  const near = Number(value)
  return Number.isSafeInteger(near) ? writeInteger(out, at, near) : writePlain(out, at, String(value))
}

/** Of what needs no escape. */
function writeQuoted(out: Buffer, start: number, text: string): number {
  out[start] = quote
  const at = writePlain(out, start + 1, text)
  out[at] = quote
  return at + 1
}

const quote = 0x22
const plus = 0x2b
const minus = 0x2d
const point = 0x2e
const zero = 0x30
const nine = 0x39
const space = 0x20

const isDigit = (code: number): boolean => code >= zero && code <= nine

/** Digits, with a point within and a sign before, as Postgres prints a numeric; not its words. */
function isPlainNumber(text: string): boolean {
  const { length } = text
  const whole = text.charCodeAt(0) === minus ? 1 : 0
  let end = endOfDigits(text, whole)
  if (end === whole || length > longestNumber) return false
  if (end < length - 1 && text.charCodeAt(end) === point) end = endOfDigits(text, end + 1)
  return end === length
}

const dateLength = '2000-01-01'.length
const secondsLength = '2000-01-01 00:00:00'.length

/** A date or time of four digits for the year, in UTC or without a zone, as ISO 8601; `notWritten` for another. */
function writeDate(out: Buffer, start: number, bytes: Buffer, from: number, textEnd: number): number {
  const length = textEnd - from
  if (bytes[from + 4] !== minus || bytes[from + 7] !== minus) return notWritten
  let end = from + dateLength
  let isUtc = false
  if (length !== dateLength) {
    if (length < secondsLength || bytes[end] !== space) return notWritten
    end = from + secondsLength
    if (end + 1 < textEnd && bytes[end] === point && isDigit(bytes[end + 1]!)) {
      end++
      while (end < textEnd && isDigit(bytes[end]!)) end++
    }
    isUtc = end === textEnd - 3 && bytes[end] === plus && bytes[end + 1] === zero && bytes[end + 2] === zero
    if (end !== textEnd && !isUtc) return notWritten
  }
  let at = start
  out[at++] = quote
  for (let i = from; i < end; i++) out[at++] = bytes[i]!
  if (length !== dateLength) out[start + 1 + dateLength] = letterT
  if (isUtc) out[at++] = letterZ
  out[at++] = quote
  return at
}

function endOfDigits(text: string, from: number): number {
  let at = from
  while (isDigit(text.charCodeAt(at))) at++
  return at
}

const letterT = 0x54
const letterZ = 0x5a
