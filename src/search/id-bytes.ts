import { randomInt } from 'node:crypto'

/** Ids of documents as they stand in the lines for a bulk request: JSON texts that are told apart without becoming strings. */

const quote = 0x22
const backslash = 0x5c

/** The place behind the closing quote of the JSON text whose opening quote stands at `from`. */
export function endOfText(bytes: Buffer, from: number): number {
  let at = from + 1
  while (bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1
  return at + 1
}

/** Another one in each process: nobody can choose keys whose ids all have one hash. */
const basis = randomInt(2 ** 32) | 0

/** FNV-1a in 32 bits, but for its basis. Source: draft-eastlake-fnv. */
export function hashOfText(bytes: Buffer, from: number): number {
  let hash = basis
  for (let at = from + 1; bytes[at] !== quote; at++) {
    if (bytes[at] === backslash) hash = Math.imul(hash ^ bytes[at++]!, 0x01000193)
    hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  }
  return hash
}

export function isSameText(a: Buffer, aFrom: number, b: Buffer, bFrom: number): boolean {
  const length = endOfText(a, aFrom) - aFrom
  for (let i = 0; i < length; i++) if (a[aFrom + i] !== b[bFrom + i]) return false
  return true
}
