import type { TableSchema } from '../wal/schema-log.ts'

/**
 * The names of the columns whose values tell the rows of a table apart, in key order; null when nothing does.
 *
 * The primary key, else the unique index over columns that are never null with the fewest columns, of those the one whose
 * columns come first. A key that can be deferred is none: two rows may share its value for a while. Where updates and
 * deletes name a row by certain columns (REPLICA IDENTITY USING INDEX), only those count, because of an old row no other
 * value is known. So do only those of `sent`, if given: the columns that rows come with.
 */
export function defaultIdentity(table: TableSchema, sent?: ReadonlySet<string>): readonly string[] | null {
  const named = new Set(table.identity_columns)
  const isNamed = (columns: readonly string[]): boolean =>
    columns.length > 0 &&
    columns.every((column) => (named.size === 0 || named.has(column)) && (sent?.has(column) ?? true))
  const { primary_key_columns: key, primary_key_deferrable: deferrable } = table
  if (!deferrable && isNamed(key)) return key

  const places = new Map(table.columns.map(({ name }, i) => [name, i]))
  const nullable = new Set(table.columns.flatMap((column) => (column.nullable ? [column.name] : [])))
  const candidates = table.unique_indexes
    .map(({ columns }) => columns)
    .filter((columns) => isNamed(columns) && !columns.some((column) => nullable.has(column)))
  const place = (column: string): number => places.get(column) ?? Infinity
  return (
    candidates.sort((a, b) => a.length - b.length || firstDifference(a.map(place), b.map(place)))[0] ?? null
  )
}

function firstDifference(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i])
  return at < 0 ? 0 : a[at]! - b[at]!
}
