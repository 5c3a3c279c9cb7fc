declare const lsnBrand: unique symbol

/** A place in the WAL in bytes from its beginning. Compared as a number; text exists only at the edges. */
export type Lsn = bigint & { readonly [lsnBrand]: true }

export const lsn = (value: bigint): Lsn => value as Lsn

export const noLsn: Lsn = lsn(0n)

/**
 * Reads Postgres' text form `X/Y` (two hexadecimal numbers of at most 32 bits).
 * @throws {RangeError} when the text is something else.
 */
export function parseLsn(text: string): Lsn {
  const match = /^([0-9a-f]{1,8})\/([0-9a-f]{1,8})$/i.exec(text)
  if (!match) throw new RangeError(`not an LSN: ${JSON.stringify(text)}`)
  return lsn((BigInt(`0x${match[1]!}`) << 32n) | BigInt(`0x${match[2]!}`))
}

let last: bigint = 0n
let lastText = '0/0'
let other: bigint = 0n
let otherText = '0/0'

/**
 * Postgres' text form: upper-case hexadecimal without padding. The last two answers are kept: a change has its own LSN and
 * that of its commit, and both are asked for again and again.
 */
export function formatLsn(value: Lsn): string {
  if (value === last) return lastText
  if (value === other) return otherText
  other = last
  otherText = lastText
  const high = Number(value >> 32n)
  const low = Number(value & 0xffffffffn)
  last = value
  lastText = `${high.toString(16).toUpperCase()}/${low.toString(16).toUpperCase()}`
  return lastText
}
