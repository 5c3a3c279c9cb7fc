import { parseLsn } from './lsn.ts'
import type { Lsn } from './lsn.ts'
import type { SchemaLogEntry } from './schema-log.ts'

interface Renamed {
  readonly from: string
  readonly to: string
  /** Changes before it are called by the old name. */
  readonly at: Lsn
}

/** As many are remembered; a transaction that is older than all of them has other troubles. */
const most = 1_000

/**
 * What schemas are called now. Both plugins call a table by the old name of its schema in a transaction that was open when
 * the schema was renamed, and pgoutput of Postgres 15 ever after; but behind the entry, consumers know the new name only.
 */
export class RenamedSchemas {
  readonly #now = new Map<string, string>()
  readonly #renames: Renamed[] = []

  nameNow(schema: string): string {
    return this.#now.get(schema) ?? schema
  }

  /** Whether any was renamed behind that place. */
  isRenamedSince(at: Lsn): boolean {
    const last = this.#renames.at(-1)
    return last !== undefined && last.at > at
  }

  /** What the schema is called now that had this name at a place in the WAL: another may have the name since. */
  nameOf(schema: string, at: Lsn): string {
    return this.#renames.reduce((name, each) => (each.at > at && each.from === name ? each.to : name), schema)
  }

  /** `commitLsn`: of the entry's transaction, where that is known; the entry itself stands a little before it. */
  learn({ schemaName, schema: { renamed_from: from, lsn } }: SchemaLogEntry, commitLsn?: Lsn): void {
    // what an entry is about is there, and called so
    if (from !== undefined) {
      for (const [before, now] of this.#now) if (now === from) this.#now.set(before, schemaName)
      this.#now.set(from, schemaName)
      this.#renames.push({ from, to: schemaName, at: commitLsn ?? parseLsn(lsn) })
      if (this.#renames.length > most) this.#renames.shift()
    }
    this.#now.delete(schemaName)
  }
}
