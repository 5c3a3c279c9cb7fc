import type { NamedTable, ToldTable } from '../wal/known-tables.ts'
import type { TableSchema } from '../wal/schema-log.ts'

/** A table as the last entry before the event's place describes it. */
export interface DescribedTable extends NamedTable {
  /** Of that entry; of its first part if it was cut. */
  readonly entryId: string
  readonly table: TableSchema
}

export function describeTable({
  entry,
  table,
  before,
  addsIndexes,
}: ToldTable<DescribedTable>): DescribedTable {
  return {
    oid: Number(table.oid),
    schema: entry.schemaName,
    name: table.name,
    entryId: entry.id,
    table: before && addsIndexes ? withIndexes(before.table, table) : table,
  }
}

/** Unique indexes that are made at the same time do not see each other. */
function withIndexes(known: TableSchema, { unique_indexes: added }: TableSchema): TableSchema {
  const isThere = new Set(known.unique_indexes.map(({ columns }) => JSON.stringify(columns)))
  const news = added.filter(({ columns }) => !isThere.has(JSON.stringify(columns)))
  const alone = new Set(news.flatMap(({ columns }) => (columns.length === 1 ? columns : [])))
  return {
    ...known,
    unique_indexes: [...known.unique_indexes, ...news],
    columns: known.columns.map((column) => (alone.has(column.name) ? { ...column, unique: true } : column)),
  }
}
