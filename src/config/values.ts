import { parseTablePattern, splitPatterns } from '../wal/table-pattern.ts'

/** What each type of setting becomes. */
export interface ValueOf {
  text: string
  /** As it was written; the folder that connects reads its parts. */
  url: string
  boolean: boolean
  /** Text if it is a URL. */
  booleanOrUrl: boolean | string
  /** Milliseconds. */
  duration: number
  /** Bytes. */
  size: number
  integer: number
  list: readonly string[]
  /** Patterns of tables, each of which can be read. */
  tables: readonly string[]
  choice: string
  address: Address
}

/** Where to listen; no host where the text names none. */
export interface Address {
  readonly host: string | undefined
  readonly port: number
}

export type ValueType = keyof ValueOf

/** What a parser may want to know of its field. */
export interface ValueRules {
  readonly choices?: readonly string[]
  /** Of an integer; 0 otherwise. */
  readonly min?: number
  /** Of a URL, without `://`. */
  readonly schemes?: readonly string[]
}

/** How values are written, where it needs saying. */
export const notation: { readonly [Type in ValueType]?: string } = {
  duration: 'Durations are written 300ms, 1.5s, 1min or 1h30m.',
  size: 'Sizes are written 64KB, 100MiB or as a number of bytes.',
  list: 'Lists are separated by commas or blanks.',
  tables:
    'Tables are written schema.table, or table for one of schema public; * stands for any part of a name, and names with ' +
    'upper-case letters or dots go in double quotes. Several are separated by commas or blanks.',
}

/** Its message goes on after `"64K" is not …`. */
export class ValueError extends Error {}

/** Takes trimmed text that is not empty. @throws {ValueError} */
type Parser<T> = (text: string, rules: ValueRules) => T

export const parsers: { readonly [Type in ValueType]: Parser<ValueOf[Type]> } = {
  text: (text) => text,
  url: parseUrl,
  boolean: parseBoolean,
  booleanOrUrl: parseBooleanOrUrl,
  duration: parseDuration,
  size: parseSize,
  integer: parseInteger,
  list: (text) => text.split(/[\s,]+/).filter((item) => item !== ''),
  tables: parseTables,
  choice: parseChoice,
  address: parseAddress,
}

function parseUrl(text: string, { schemes = [] }: ValueRules): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme !== undefined && (schemes.length === 0 || schemes.includes(scheme))) {
    // that of Postgres has a reader of its own
    if (/^https?$/.test(scheme) && !URL.canParse(text)) throw new ValueError('a URL: see its host and port')
    return text
  }
  const beginnings = schemes.map((name) => `${name}://`)
  throw new ValueError(`a URL that begins with ${beginnings.join(' or ') || 'a scheme such as https://'}`)
}

const yes = new Set(['true', 't', '1', 'yes', 'on'])
const no = new Set(['false', 'f', '0', 'no', 'off'])

function parseBoolean(text: string): boolean {
  const word = text.toLowerCase()
  if (yes.has(word)) return true
  if (no.has(word)) return false
  throw new ValueError('true or false')
}

function parseBooleanOrUrl(text: string, rules: ValueRules): boolean | string {
  if (text.includes('://')) return parseUrl(text, rules)
  try {
    return parseBoolean(text)
  } catch {
    throw new ValueError('true, false or a URL')
  }
}

const msOf: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3, // the Greek letter; the line above has the micro sign
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
}

/** A timer of Node that is set to more fires at once. */
const longestMs = 2 ** 31 - 1

function parseDuration(text: string): number {
  if (text === '0') return 0
  if (/^[\d._]+$/.test(text)) {
    throw new ValueError(`a duration: the unit is missing, write ${text}ms, ${text}s or ${text}min`)
  }
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)([a-zµμ]+)/gy)]
  const read = parts.map(([whole]) => whole).join('')
  const units = parts.map(([, , unit]) => msOf[unit!])
  if (read === '' || read !== text || units.includes(undefined)) {
    throw new ValueError('a duration such as 300ms, 1.5s, 1min or 1h30m')
  }
  const ms = parts.reduce((sum, [, count], place) => sum + Number(count) * units[place]!, 0)
  if (ms > longestMs) throw new ValueError('a duration of at most 596h')
  if (ms > 0 && ms < 1) throw new ValueError('a duration of at least 1ms')
  return Math.round(ms)
}

const bytesOf: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1_000,
  mb: 1_000 ** 2,
  gb: 1_000 ** 3,
  kib: 1_024,
  mib: 1_024 ** 2,
  gib: 1_024 ** 3,
}

function parseSize(text: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text) ?? []
  if (count !== undefined && /^[kmg]$/i.test(unit)) {
    const letter = unit.toUpperCase()
    throw new ValueError(
      `a size without doubt: write ${count}${letter}iB (1024) or ${count}${letter}B (1000)`,
    )
  }
  const factor = bytesOf[unit.toLowerCase()]
  if (count === undefined || factor === undefined) {
    throw new ValueError('a size such as 100MiB, 64KB or 1572864')
  }
  const bytes = Math.round(Number(count) * factor)
  if (bytes < 1) throw new ValueError('a size of at least one byte')
  if (!Number.isSafeInteger(bytes)) throw new ValueError('a size that can be counted in bytes')
  return bytes
}

function parseInteger(text: string, { min = 0 }: ValueRules): number {
  const value = Number(text)
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
    throw new ValueError(`a whole number of at least ${min}`)
  }
  return value
}

function parseTables(text: string): readonly string[] {
  const patterns = splitPatterns(text)
  if (patterns.length === 0) throw new ValueError('a list of tables: it names none')
  for (const pattern of patterns) {
    try {
      parseTablePattern(pattern)
    } catch (error) {
      throw new ValueError(`a list of tables: in ${pattern}, ${(error as RangeError).message}`)
    }
  }
  return patterns
}

function parseChoice(text: string, { choices = [] }: ValueRules): string {
  const choice = choices.find((name) => name === text.toLowerCase())
  if (choice === undefined) throw new ValueError(`one of ${choices.join(', ')}`)
  return choice
}

function parseAddress(text: string): Address {
  const [, host, port] = /^(\[[^\]\s]+\]|[^:\s/]*):(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535)
    throw new ValueError('an address such as 127.0.0.1:9910 or :9910')
  return { host: host?.replace(/^\[|\]$/g, '') || undefined, port: Number(port) }
}
