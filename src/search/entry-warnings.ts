import type { SchemaLogEntry, TableSchema } from '../wal/schema-log.ts'
import type { IndexedTable } from './indexed-table.ts'
import { isLikeField, nameOfTable } from './names.ts'

export interface EntryWarning {
  readonly schema: string
  readonly table: string
  readonly column?: string
  readonly text: string
}

/** What an entry says that changes old rows without telling: `before` gives a table as it was before the entry. */
export function warningsOf(
  { schemaName, schema }: SchemaLogEntry,
  before: (tableId: string) => IndexedTable | undefined,
): EntryWarning[] {
  return schema.tables.flatMap((table) => {
    const known = before(table.pgstream_id)
    const about = { schema: schemaName, table: table.name }
    const ofName = known?.name === table.name ? [] : ofNames(table.name).map((text) => ({ ...about, text }))
    if (known) return [...ofName, ...ofColumns(table, known).map((warning) => ({ ...about, ...warning }))]
    if (schema.command !== 'REFRESH' || table.partitioned) return ofName
    return [
      ...ofName,
      {
        ...about,
        text: 'rows of the table that are older than pgstream init are not in the index unless a backfill brings them',
      },
    ]
  })
}

const ofNames = (table: string): string[] =>
  isLikeField(table)
    ? [
        `the table is called as fields of the index are: its columns are found as ${nameOfTable(table)}.<column>`,
      ]
    : []

function ofColumns(
  table: TableSchema,
  known: IndexedTable,
): { readonly column: string; readonly text: string }[] {
  return table.columns.flatMap(({ pgstream_id, name: column, type, default: standard, identity }) => {
    const before = known.columns.find(({ id }) => id === pgstream_id)
    if (!before) {
      if (known.columns.length === 0 || (standard === null && identity === '')) return []
      return [
        {
          column,
          text: 'old rows have the default of the new column, and the index does not: reindex needed for old rows',
        },
      ]
    }
    if (before.type === type) return []
    return [
      {
        column,
        text: 'the type changed, and the values of old rows are not in the WAL: reindex needed for old rows',
      },
    ]
  })
}
