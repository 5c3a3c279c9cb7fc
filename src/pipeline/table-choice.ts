import { PgstreamError } from '../errors.ts'
import { parseTablePattern } from '../wal/table-pattern.ts'
import type { TablePattern } from '../wal/table-pattern.ts'

export interface TableLists {
  /** Patterns of the only tables that are wanted. Default: all tables. */
  readonly include?: readonly string[] | undefined
  /** Patterns of tables that are not wanted; wins over `include`. */
  readonly exclude?: readonly string[] | undefined
}

/** Which tables are wanted. */
export interface TableChoice {
  wants(schema: string, table: string): boolean
  /** Whether a table of this schema could be wanted. */
  reaches(schema: string): boolean
}

/** @throws {PgstreamError} PGSTREAM_CONFIG_INVALID for a pattern that cannot be read, and for an empty `include`. */
export function tableChoice({ include, exclude = [] }: TableLists): TableChoice {
  if (include?.length === 0) {
    throw new PgstreamError('PGSTREAM_CONFIG_INVALID', 'The list of tables to include is empty.', {
      remedy: 'Name at least one table, or leave the list out to include all.',
    })
  }
  const included = include?.map(readTablePattern)
  const excluded = exclude.map(readTablePattern)
  return {
    wants: (schema, table) =>
      (included?.some((pattern) => pattern.matches(schema, table)) ?? true) &&
      !excluded.some((pattern) => pattern.matches(schema, table)),
    reaches: (schema) =>
      (included?.some((pattern) => pattern.matchesSchema(schema)) ?? true) &&
      !excluded.some((pattern) => pattern.isOfWholeSchemas && pattern.matchesSchema(schema)),
  }
}

/** @throws {PgstreamError} PGSTREAM_CONFIG_INVALID with the reason. */
export function readTablePattern(text: string): TablePattern {
  try {
    return parseTablePattern(text)
  } catch (cause) {
    throw new PgstreamError(
      'PGSTREAM_CONFIG_INVALID',
      `${text} is no pattern of tables: ${(cause as RangeError).message}.`,
      { cause },
    )
  }
}
