import type { Random } from '../random.ts'

/** A type that columns can have, and texts that it takes as input. */
export interface ValueType {
  /** As DDL names it. */
  readonly sql: string
  /** Any value but null. */
  readonly text: (random: Random) => string
  /** Different numbers give values that a unique index tells apart; absent where no index takes the type. */
  readonly key?: (n: number, random: Random) => string
  /** An expression over a column that has keys: prints otherwise, but is the same for a unique index. */
  readonly sameKey?: (column: string) => string
}

/** One of some values; the table of types needs no other words for most types. */
export const oneOf =
  (...texts: readonly string[]) =>
  (random: Random): string =>
    random.pick(texts)
