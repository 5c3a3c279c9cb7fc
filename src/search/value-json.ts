import { gap, longBytes } from '../wal/large-json.ts'
import type { Filling } from '../wal/large-json.ts'
import { LargeText } from '../wal/large-text.ts'
import { unchangedToast } from '../wal/value.ts'
import type { Value } from '../wal/value.ts'
import { isMultirange } from './field-kind.ts'
import type { ColumnType, FieldKind } from './field-kind.ts'
import { readArray, readMultirange, readRange } from './postgres-literals.ts'
import type { Element, Range } from './postgres-literals.ts'

/** A value as JSON, and whether the store can look it up; otherwise it is only kept. */
interface Written {
  readonly json: string
  readonly isFound: boolean
}

const found = (json: string): Written => ({ json, isFound: true })
/** A store fails to show a field that holds what it cannot read: the exact text is beside it. */
const kept: Written = { json: 'null', isFound: false }

/**
 * Writes the members of a document for one value: the field, and those beside it. What is large is not written, but added to
 * `large`, with a gap in its place.
 */
export type WriteMembers = (value: Value, large: Filling[]) => string

export interface WriterOptions {
  /** The main field. */
  readonly field: string
  readonly type: ColumnType
  /** Whether objects are kept as such, too. */
  readonly objects: boolean
  /** Hears of each value that the store keeps and cannot look up. */
  readonly onKept: () => void
}

/** Of a longer text the store's own parser would take too long, or refuse it. */
export const longestNumber = 300
const longestObject = 8_000
const deepestObject = 20

/** @returns what writes `"field":…`, without a comma before it. */
export function membersWriter({ field, type, objects, onKept }: WriterOptions): WriteMembers {
  const main = `${JSON.stringify(field)}:`
  const exact = `,${JSON.stringify(`${field}-exact`)}:`
  const object = `,${JSON.stringify(`${field}-object`)}:`
  const hasExact = exactKinds.has(type.kind)
  const write = type.isList ? listWriter(type) : scalarWriter(type)
  const isText = !type.isList && (type.kind === 'text' || type.kind === 'keyword' || type.kind === 'json')
  return (given, large) => {
    if (given instanceof LargeText && isText) {
      large.push({ bytes: given.bytes, as: 'text' })
      return `${main}"${gap}"`
    }
    if (Buffer.isBuffer(given) && given.length > longBytes) {
      large.push({ bytes: given, as: 'hex' })
      return `${main}"${gap}"`
    }
    const value = given instanceof LargeText ? String(given) : given
    if (value === null || value === unchangedToast) {
      return `${main}null${hasExact ? `${exact}null` : ''}`
    }
    const plain = plainJson(value, type)
    if (plain !== null) return main + plain
    const text = textOf(value)
    const { json, isFound } = write(text)
    if (!isFound) onKept()
    if (hasExact || (!isFound && besideWhenKept.has(type.kind)))
      return `${main}${json}${exact}${exactJson(text, type)}`
    if (type.kind === 'json' && objects && !type.isList && isPlainObject(text))
      return `${main}${json}${object}${text}`
    return main + json
  }
}

const exactKinds: ReadonlySet<FieldKind> = new Set([
  'decimal',
  'ip',
  'ip_range',
  'long_range',
  'double_range',
  'date_range',
])

/** Of these the exact text is there only where the field cannot hold the value. */
const besideWhenKept: ReadonlySet<FieldKind> = new Set(['double', 'date', 'time'])

/** What needs no thought. */
function plainJson(
  value: Exclude<Value, null | symbol | LargeText>,
  { kind, isList, base }: ColumnType,
): string | null {
  switch (typeof value) {
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'number':
      return Number.isFinite(value) ? (Object.is(value, -0) ? '-0' : String(value)) : null
    case 'string':
      return (kind === 'text' || kind === 'keyword') && !isList && base !== 'bytea'
        ? JSON.stringify(value)
        : null
    default:
      return `"${value.toString('hex')}"`
  }
}

const textOf = (value: Exclude<Value, null | symbol>): string =>
  Buffer.isBuffer(value) ? value.toString('hex') : String(value)

/** With all digits, and as it was printed; of a list, each of its elements. */
function exactJson(text: string, { isList, base }: ColumnType): string {
  const elements = isList && !isMultirange(base) ? readArray(text) : null
  return JSON.stringify(elements ?? text)
}

type Write = (text: string) => Written

function listWriter(type: ColumnType): Write {
  const write = scalarWriter(type)
  const delimiter = type.base === 'box' ? ';' : ','
  return (text) => {
    const ranges = isMultirange(type.base) && type.kind !== 'keyword' ? readMultirange(text) : null
    if (ranges) return joined(ranges.map((range) => rangeWritten(range, type.kind)))
    const elements = readArray(text, delimiter)
    return elements ? listWritten(elements, write) : found(JSON.stringify(text))
  }
}

const listWritten = (elements: readonly Element[], write: Write): Written =>
  joined(
    elements.map((element) =>
      element === null
        ? found('null')
        : typeof element === 'string'
          ? write(element)
          : listWritten(element, write),
    ),
  )

const joined = (all: readonly Written[]): Written => ({
  json: `[${all.map(({ json }) => json).join(',')}]`,
  isFound: all.every(({ isFound }) => isFound),
})

function scalarWriter({ kind, base }: ColumnType): Write {
  switch (kind) {
    case 'long':
    case 'double':
    case 'decimal':
      return numberWritten
    case 'boolean':
      return (text) => found(text === 't' || text === 'true' ? 'true' : 'false')
    case 'date':
      return dateWritten
    case 'time':
      return (text) => (text.startsWith('24') ? kept : found(JSON.stringify(text)))
    case 'ip':
      return (text) => found(JSON.stringify(text.replace(/\/.*$/, '')))
    case 'ip_range':
      return (text) => found(JSON.stringify(text))
    case 'long_range':
    case 'double_range':
    case 'date_range':
      return (text) => {
        const range = readRange(text)
        if (range === null || range === 'empty') return { json: 'null', isFound: range === 'empty' }
        return rangeWritten(range, kind)
      }
    case 'json':
    case 'text':
    case 'keyword':
      return base === 'bytea'
        ? (text) => found(JSON.stringify(text.replace(/^\\x/, '')))
        : (text) => found(JSON.stringify(text))
  }
}

/** As Postgres prints numbers, which is as JSON has them, but for NaN and the infinities. */
const isNumber = (text: string): boolean => /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)

function numberWritten(text: string): Written {
  if (!isNumber(text) || !Number.isFinite(Number(text))) return kept
  return found(text.length > longestNumber ? JSON.stringify(text) : text)
}

const dateText =
  /^(\d{4,})-(\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?)(?:([+-]\d\d)(:\d\d)?(?::\d\d)?)?)?( BC)?$/

function dateWritten(text: string): Written {
  const iso = isoDate(text)
  return iso === null ? kept : found(`"${iso}"`)
}

/** ISO 8601 with all digits of the second, and a sign before years that have not four digits; null for the infinities. */
function isoDate(text: string): string | null {
  const match = dateText.exec(text)
  if (!match) return null
  const [, digits, day = '', time, hours, minutes = ':00', bc] = match
  const year = isoYear(Number(digits), bc !== undefined)
  const zone = hours === undefined ? '' : hours === '+00' && minutes === ':00' ? 'Z' : hours + minutes
  return time === undefined ? `${year}-${day}` : `${year}-${day}T${time}${zone}`
}

/** The year before 1 is 0. */
function isoYear(year: number, isBeforeChrist: boolean): string {
  const astronomical = isBeforeChrist ? 1 - year : year
  const digits = String(Math.abs(astronomical)).padStart(4, '0')
  return astronomical < 0 ? `-${digits}` : digits.length > 4 ? `+${digits}` : digits
}

/** Bounds that the store cannot read are none: the exact text beside it has them. */
function rangeWritten({ lower, upper, includesLower, includesUpper }: Range, kind: FieldKind): Written {
  const bound = (text: string | null): string | null => {
    if (text === null) return null
    if (kind === 'date_range') {
      const iso = isoDate(text)
      return iso === null ? null : `"${iso}"`
    }
    return isNumber(text) && text.length <= longestNumber && Number.isFinite(Number(text)) ? text : null
  }
  const [from, to] = [bound(lower), bound(upper)]
  // bounds that the store cannot tell apart would leave nothing between them, which it refuses
  const isPoint = from !== null && to !== null && coarse(from) === coarse(to)
  const members = [
    ...(from === null ? [] : [`"${includesLower || isPoint ? 'gte' : 'gt'}":${from}`]),
    ...(to === null ? [] : [`"${includesUpper || isPoint ? 'lte' : 'lt'}":${to}`]),
  ]
  const isFound = (from === null) === (lower === null) && (to === null) === (upper === null)
  return { json: `{${members.join(',')}}`, isFound }
}

/** To the precision of the store: milliseconds, and doubles. */
const coarse = (json: string): string =>
  json.startsWith('"') ? json.replace(/(\.\d{3})\d+/, '$1') : String(Number(json))

/** An object that every store takes as one. */
export function isPlainObject(text: string): boolean {
  const { length } = text
  if (length > longestObject || !text.trimStart().startsWith('{')) return false
  let depth = 0
  let digits = 0
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    digits = code >= digit0 && code <= digit9 ? digits + 1 : 0
    if (digits >= longestNumber || code === lineFeed || code === carriageReturn) return false
    if (code === brace || code === bracket) {
      if (++depth > deepestObject) return false
    } else if (code === braceEnd || code === bracketEnd) depth--
  }
  return true
}

/** The same of UTF-8, unless it begins with a space or is long: that is for the other one to say. */
export function isPlainObjectAt(bytes: Buffer, from: number, end: number): boolean | null {
  if (bytes[from] !== brace) return isBlank(bytes[from]!) ? null : false
  if (end - from > longestObject) return null
  let depth = 0
  let digits = 0
  for (let i = from; i < end; i++) {
    const code = bytes[i]!
    digits = code >= digit0 && code <= digit9 ? digits + 1 : 0
    if (digits >= longestNumber || code === lineFeed || code === carriageReturn) return false
    if (code === brace || code === bracket) {
      if (++depth > deepestObject) return false
    } else if (code === braceEnd || code === bracketEnd) depth--
  }
  return true
}

/** Whatever may be a white space in some character set. */
const isBlank = (code: number): boolean => code <= 0x20 || code > 0x7f

const lineFeed = 0x0a
const carriageReturn = 0x0d
const digit0 = 0x30
const digit9 = 0x39
const bracket = 0x5b
const bracketEnd = 0x5d
const brace = 0x7b
const braceEnd = 0x7d
