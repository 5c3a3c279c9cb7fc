import { viewAround } from './byte-piece.ts'

/** A run that is shorter is copied by a loop: a call out of JavaScript takes longer. */
const shortRun = 24
const wordBytes = 4
const [quote, backslash, space] = [0x22, 0x5c, 0x20]
/** One byte in each of a word. */
const [ones, highs] = [0x01010101, 0x80808080 | 0]
const [quotes, backslashes, spaces] = [quote * ones, backslash * ones, space * ones]

/** Where the first byte stands, from `start` up to `end`, that JSON escapes within a string; `end` if there is none. */
export function endOfRun(bytes: Buffer, start: number, end: number): number {
  const around = viewAround(bytes)
  const { byteOffset } = bytes
  let at = start
  for (; at + wordBytes <= end; at += wordBytes) {
    const word = around.getInt32(byteOffset + at, true)
    const q = word ^ quotes
    const b = word ^ backslashes
    // a byte that is less than a space, or none once quotes or backslashes are taken away, borrows from its highest bit
    if ((((word - spaces) & ~word) | ((q - ones) & ~q) | ((b - ones) & ~b)) & highs) break
  }
  for (; at < end; at++) {
    const code = bytes[at]!
    if (code < space || code === quote || code === backslash) return at
  }
  return end
}

/** Gives the place behind it. */
export function copyRun(out: Buffer, at: number, bytes: Buffer, start: number, end: number): number {
  if (end - start > shortRun) return at + bytes.copy(out, at, start, end)
  for (let i = start; i < end; i++) out[at + i - start] = bytes[i]!
  return at + end - start
}
