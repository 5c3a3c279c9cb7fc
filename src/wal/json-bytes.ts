import { escaped, numberJson } from './json-text.ts'
import { formatLsn } from './lsn.ts'
import type { Lsn } from './lsn.ts'

const quote = 0x22
const backslash = 0x5c
const space = 0x20
const lastOfAscii = 0x7f
const minus = 0x2d
const zero = 0x30
/** From here on a call into the runtime costs less than a loop over characters. */
const longText = 24
/** From here on that is so also where something is to be escaped. */
const longEscaped = 100
const billion = 1_000_000_000
const billionDigits = 9
const slash = 0x2f
const hexDigits = Buffer.from('0123456789ABCDEF')
const word = 2 ** 32

/** All of these write to `out` at `at`, where there must be room, and give the place behind what they wrote. */
export function writeBytes(out: Buffer, at: number, bytes: Buffer): number {
  out.set(bytes, at)
  return at + bytes.length
}

/** As it is. */
export function writePlain(out: Buffer, start: number, text: string): number {
  let at = start
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > lastOfAscii) return start + out.write(text, start)
    out[at++] = code
  }
  return at
}

/** In quotes, and escaped as `JSON.stringify` does it: at most 6 bytes a character, and 2. */
export function writeText(out: Buffer, start: number, text: string): number {
  let at = start
  out[at++] = quote
  if (text.length > longText) {
    if (!escaped.test(text)) {
      at += out.write(text, at)
      out[at++] = quote
      return at
    }
    if (text.length > longEscaped) return start + out.write(JSON.stringify(text), start)
  }
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < space || code > lastOfAscii) return start + out.write(JSON.stringify(text), start)
    if (code === quote || code === backslash) out[at++] = backslash
    out[at++] = code
  }
  out[at++] = quote
  return at
}

/** At most 25 bytes. */
export const writeNumber = (out: Buffer, at: number, value: number): number =>
  isInteger(value) ? writeInteger(out, at, value) : writePlain(out, at, numberJson(value))

/** One that has the same digits as what JavaScript writes: not minus zero, and not 1e21. */
const isInteger = (value: number): boolean => Number.isSafeInteger(value) && !Object.is(value, -0)

/** A safe integer that is not minus zero: at most 17 bytes. */
export function writeInteger(out: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  if (rest < 0) {
    out[at++] = minus
    rest = -rest
  }
  if (rest < billion) return writeDigits(out, at, rest, digitsOf(rest))
  const above = Math.floor(rest / billion)
  at = writeDigits(out, at, above, digitsOf(above))
  return writeDigits(out, at, rest - above * billion, billionDigits)
}

function digitsOf(value: number): number {
  let digits = 1
  for (let limit = 10; digits < billionDigits && value >= limit; limit *= 10) digits++
  return digits
}

function writeDigits(out: Buffer, at: number, value: number, digits: number): number {
  let rest = value
  for (let i = at + digits - 1; i >= at; i--) {
    const above = (rest / 10) | 0
    out[i] = zero + rest - above * 10
    rest = above
  }
  return at + digits
}

/** As `formatLsn` does it, without strings: at most 17 bytes. */
export function writeLsn(out: Buffer, start: number, lsn: Lsn): number {
  const near = Number(lsn)
  if (near > Number.MAX_SAFE_INTEGER) return writePlain(out, start, formatLsn(lsn))
  const high = Math.floor(near / word)
  const at = writeHex(out, start, high)
  out[at] = slash
  return writeHex(out, at + 1, near - high * word)
}

/** Of 32 bits, upper-case and without padding. */
function writeHex(out: Buffer, start: number, value: number): number {
  const end = start + (value === 0 ? 1 : (35 - Math.clz32(value)) >> 2)
  for (let at = end - 1, rest = value | 0; at >= start; at--) {
    out[at] = hexDigits[rest & 15]!
    rest >>>= 4
  }
  return end
}
