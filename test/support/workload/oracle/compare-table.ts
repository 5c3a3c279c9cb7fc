import type { ColumnSchema, TableSchema } from '../../../../src/wal/schema-log.ts'
import type { KnownTable } from './known-table.ts'
import { isSame, shown } from './problems.ts'
import type { SourceColumn, SourceTable } from './source-state.ts'

/** How what the entries say of a table differs from the catalogs. */
export function compareTable(entry: KnownTable, table: SourceTable): string[] {
  const differences: string[] = []
  const compare = (what: string, said: unknown, is: unknown): void => {
    if (!isSame(said, is)) differences.push(`${what} is ${shown(is)}, the entries say ${shown(said)}`)
  }
  compare('its name', [entry.schema, entry.name], [table.schema, table.name])
  compare(
    'the list of columns',
    entry.columns.map(({ name }) => name),
    table.columns.map(({ name }) => name),
  )
  for (const [i, column] of table.columns.entries()) {
    const said = entry.columns[i]
    if (said) compare(`column ${column.name}`, described(said), catalogued(column, entry.pgstream_id, table))
  }
  compare('the primary key', entry.primary_key_columns, table.primaryKey ?? [])
  compare('whether the key is deferrable', entry.primary_key_deferrable, table.primaryKeyDeferrable)
  compare('the replica identity', entry.replica_identity, table.replicaIdentity)
  compare('the identity', entry.identity_columns, identityOf(table))
  const lists = (indexes: TableSchema['unique_indexes']): string[] =>
    indexes.map(({ columns }) => JSON.stringify(columns)).toSorted()
  compare('the list of unique indexes', lists(entry.unique_indexes), [...new Set(lists(table.uniqueIndexes))])
  return differences
}

const described = (column: ColumnSchema): unknown => [
  column.pgstream_id,
  column.type,
  column.nullable,
  column.default,
  column.generated,
  column.metadata,
  column.unique,
]

const catalogued = (column: SourceColumn, tableId: string, { uniqueIndexes }: SourceTable): unknown => [
  `${tableId}-${column.attnum}`,
  column.type,
  column.nullable,
  column.default,
  column.generated,
  column.comment,
  uniqueIndexes.some(({ columns }) => isSame(columns, [column.name])),
]

function identityOf({
  replicaIdentity,
  primaryKey,
  primaryKeyDeferrable,
  identityIndex,
  columns,
}: SourceTable): readonly string[] {
  if (replicaIdentity === 'full') return columns.map(({ name }) => name)
  if (replicaIdentity === 'index') return identityIndex ?? []
  return replicaIdentity === 'default' && !primaryKeyDeferrable ? (primaryKey ?? []) : []
}
