import type { ColumnSchema, SchemaLogEntry, TableSchema } from './schema-log.ts'

/** Puts entries that were cut into parts together again. */
export class EntryParts {
  /** By transaction: those of several may be read in turn, where entries are not read from a stream. */
  readonly #begun = new Map<string, SchemaLogEntry[]>()

  /** The whole entry; null as long as parts of it are missing. */
  add(entry: SchemaLogEntry): SchemaLogEntry | null {
    const { part, parts, xid } = entry.schema
    if (part === undefined || parts === undefined) return entry
    const earlier = part === 1 ? [] : (this.#begun.get(xid) ?? [])
    const all = [...earlier, entry]
    if (part < parts) {
      this.#begun.set(xid, all)
      return null
    }
    this.#begun.delete(xid)
    return { ...entry, schema: { ...entry.schema, ...joined(all) } }
  }
}

function joined(
  parts: readonly SchemaLogEntry[],
): Pick<SchemaLogEntry['schema'], 'tables' | 'dropped_tables'> {
  const tables = new Map<string, TableSchema & { columns: ColumnSchema[] }>()
  for (const table of parts.flatMap(({ schema }) => schema.tables)) {
    const begun = tables.get(table.oid)
    if (begun) begun.columns.push(...table.columns)
    else tables.set(table.oid, { ...table, columns: [...table.columns] })
  }
  return {
    tables: [...tables.values()],
    dropped_tables: parts.flatMap(({ schema }) => schema.dropped_tables),
  }
}
