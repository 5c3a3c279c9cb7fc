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

/** Postgres' text form: upper-case hexadecimal without padding. */
export function formatLsn(value: Lsn): string {
  const high = Number(value >> 32n)
  const low = Number(value & 0xffffffffn)
  return `${high.toString(16).toUpperCase()}/${low.toString(16).toUpperCase()}`
}
