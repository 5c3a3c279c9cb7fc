import type { SchemaLogEntry, TableSchema } from '../../../wal/schema-log.ts'
import { tableDifferences } from './table-differences.ts'

/** What an entry says of one table (or of a schema) in words. */
export interface SchemaNote {
  /** `shop.orders`, or `shop`. */
  readonly subject: string
  readonly changes: readonly string[]
}

const mostColumns = 20

interface KnownTable {
  readonly schema: string
  readonly table: TableSchema
}

/** Remembers every table as its last entry described it, and so can say what the next one changes. */
export class SchemaMemory {
  readonly #tables = new Map<string, KnownTable>()

  /** Takes an entry and says what is new. */
  learn({ schemaName, schema }: SchemaLogEntry): SchemaNote[] {
    const { part = 1, parts = 1 } = schema
    const notes: SchemaNote[] = []
    const note = (subject: string, changes: readonly string[]): void => void notes.push({ subject, changes })
    if (parts > 1) {
      // a table may be spread over parts: comparing one would tell of columns that were dropped
      for (const { pgstream_id: id } of [...schema.tables, ...schema.dropped_tables]) this.#tables.delete(id)
      note(schemaName, [`a large change, part ${part} of ${parts}`])
      return notes
    }
    if (schema.renamed_from !== undefined) {
      this.#renameSchema(schema.renamed_from, schemaName)
      note(schemaName, [`schema renamed from ${schema.renamed_from}`])
    }
    for (const table of schema.tables) {
      const before = this.#tables.get(table.pgstream_id)
      this.#tables.set(table.pgstream_id, { schema: schemaName, table })
      const changes = before ? compared(before, schemaName, table) : [described(table, schema.command)]
      note(`${schemaName}.${table.name}`, changes.length > 0 ? changes : ['no column changed'])
    }
    for (const { pgstream_id: id, name } of schema.dropped_tables) {
      const known = this.#tables.get(id)
      if (known && known.schema !== schemaName) continue // it has moved, and its new schema's entry came first
      this.#tables.delete(id)
      note(`${schemaName}.${name}`, ['table dropped'])
    }
    if (schema.dropped) note(schemaName, ['schema dropped'])
    if (notes.length === 0) {
      note(schemaName, [schema.command === 'CREATE SCHEMA' ? 'schema created' : 'no table changed'])
    }
    return notes
  }

  /** Empty for a table without one, or one that no entry has described. */
  primaryKeyOf(schema: string, name: string): readonly string[] {
    for (const known of this.#tables.values()) {
      if (known.schema === schema && known.table.name === name) return known.table.primary_key_columns
    }
    return []
  }

  #renameSchema(from: string, to: string): void {
    for (const [id, known] of this.#tables) {
      if (known.schema === from) this.#tables.set(id, { ...known, schema: to })
    }
  }
}

function compared(before: KnownTable, schema: string, table: TableSchema): string[] {
  const moved = before.schema === schema ? [] : [`table moved from schema ${before.schema}`]
  return [...moved, ...tableDifferences(before.table, table)]
}

function described({ columns }: TableSchema, command: string): string {
  const list = columns.slice(0, mostColumns).map(({ name, type }) => `${name} ${type}`)
  if (columns.length > mostColumns) list.push(`${columns.length - mostColumns} more`)
  return `table ${/^(CREATE|SELECT INTO)/.test(command) ? 'created' : 'known'} (${list.join(', ')})`
}
