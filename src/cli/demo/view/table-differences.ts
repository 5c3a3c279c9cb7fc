import type { ColumnSchema, TableSchema } from '../../../wal/schema-log.ts'

/** What happened to a table between two entries of the schema log, a clause each. */
export function tableDifferences(before: TableSchema, after: TableSchema): string[] {
  const old = new Map(before.columns.map((column) => [column.pgstream_id, column]))
  const kept = new Set(after.columns.map((column) => column.pgstream_id))
  return [
    ...(before.name === after.name ? [] : [`table renamed from ${before.name}`]),
    ...before.columns.flatMap((column) =>
      kept.has(column.pgstream_id) ? [] : `column ${column.name} dropped`,
    ),
    ...after.columns.flatMap((column) => {
      const was = old.get(column.pgstream_id)
      return was ? columnDifferences(was, column) : `column ${column.name} ${column.type} added`
    }),
    ...listDifference('primary key', before.primary_key_columns, after.primary_key_columns),
    ...(before.replica_identity === after.replica_identity
      ? []
      : [`replica identity ${before.replica_identity} → ${after.replica_identity}`]),
  ]
}

function columnDifferences(before: ColumnSchema, after: ColumnSchema): string[] {
  const { name } = after
  return [
    ...(before.name === name ? [] : [`column ${before.name} renamed to ${name}`]),
    ...(before.type === after.type ? [] : [`column ${name}: type ${before.type} → ${after.type}`]),
    ...(before.nullable === after.nullable
      ? []
      : [`column ${name}: ${after.nullable ? 'null allowed' : 'not null'}`]),
    ...(before.default === after.default ? [] : [`column ${name}: default ${after.default ?? 'removed'}`]),
    ...(before.unique === after.unique
      ? []
      : [`column ${name}: ${after.unique ? 'unique' : 'no longer unique'}`]),
    ...(before.metadata === after.metadata ? [] : [`column ${name}: comment changed`]),
  ]
}

function listDifference(what: string, before: readonly string[], after: readonly string[]): string[] {
  if (before.join() === after.join()) return []
  return [after.length === 0 ? `${what} dropped` : `${what} (${after.join(', ')})`]
}
