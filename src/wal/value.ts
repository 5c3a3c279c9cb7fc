/** Stands where an update did not touch a large value, so that Postgres did not send it. Not the same as null. */
export const unchangedToast: unique symbol = Symbol('unchangedToast')

/**
 * A value of a column: boolean; number for int2, int4, oid and floats; bigint for int8; Buffer for bytea; for all
 * other types the text that Postgres prints (numeric with all its digits, json as it was written).
 */
export type Value = null | boolean | number | bigint | string | Buffer | typeof unchangedToast

/** The values of a row, aligned with `relation.columns`. */
export type Row = readonly Value[]
