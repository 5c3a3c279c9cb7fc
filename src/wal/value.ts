import { LargeText } from './large-text.ts'

/** Stands where an update did not touch a large value, so that Postgres did not send it. Not the same as null. */
export const unchangedToast: unique symbol = Symbol('unchangedToast')

/**
 * A value of a column: boolean; number for int2, int4, oid and floats; bigint for int8; Buffer for bytea; for all
 * other types the text that Postgres prints (numeric with all its digits, json as it was written). Where the message of a
 * row is larger than 16 MiB, a text of more than 64 KiB is a `LargeText`.
 */
export type Value = null | boolean | number | bigint | string | LargeText | Buffer | typeof unchangedToast

/** The values of a row, aligned with `relation.columns`. */
export type Row = readonly Value[]

/** Whether two values of a column are the same. */
export function isSameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (Buffer.isBuffer(a)) return Buffer.isBuffer(b) && a.equals(b)
  if (a instanceof LargeText) return b instanceof LargeText && a.bytes.equals(b.bytes)
  return Object.is(a, b)
}
