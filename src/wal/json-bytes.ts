import { escaped } from './json-text.ts'

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
