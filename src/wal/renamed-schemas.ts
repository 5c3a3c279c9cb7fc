import type { SchemaLogEntry } from './schema-log.ts'

/**
 * What schemas are called now. Both plugins call a table by the old name of its schema in a transaction that was open when
 * the schema was renamed, and pgoutput of Postgres 15 ever after; but behind the entry, consumers know the new name only.
 */
export class RenamedSchemas {
  readonly #now = new Map<string, string>()

  nameNow(schema: string): string {
    return this.#now.get(schema) ?? schema
  }

  learn({ schemaName, schema: { renamed_from: from } }: SchemaLogEntry): void {
    // what an entry is about is there, and called so
    if (from !== undefined) {
      for (const [before, now] of this.#now) if (now === from) this.#now.set(before, schemaName)
      this.#now.set(from, schemaName)
    }
    this.#now.delete(schemaName)
  }
}
