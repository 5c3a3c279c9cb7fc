import type { SchemaChangeEvent } from '../wal/event.ts'
import type { Relation } from '../wal/relation.ts'
import type { SchemaDelta } from '../wal/schema-log.ts'
import type { TableChoice } from './table-choice.ts'

/**
 * Leaves of an entry of the schema log what is about wanted tables, in such a way that whoever gets the rest can take it
 * for the whole database: what leaves the wanted names is told as dropped.
 */
export class WantedEntries {
  readonly #choice: TableChoice
  /** Tables that went by, by oid: under which name. */
  readonly #known = new Map<string, string>()

  constructor(choice: TableChoice) {
    this.#choice = choice
  }

  /** Rows of this table go by. */
  know({ oid, table }: Relation): void {
    if (oid !== 0) this.#known.set(String(oid), table)
  }

  /** The event itself if everything in it is wanted, one with less in it, or null. */
  of(event: SchemaChangeEvent): SchemaChangeEvent | null {
    const { schemaName, schema } = event.entry
    const { renamed_from: before } = schema
    if (!this.#choice.reaches(schemaName)) {
      return before !== undefined && this.#choice.reaches(before) ? dropOf(before, event) : null
    }
    const tables = schema.tables.filter(({ name }) => this.#choice.wants(schemaName, name))
    const dropped = schema.dropped_tables.filter(({ name }) => this.#choice.wants(schemaName, name))
    const renamed = schema.tables.filter(
      ({ oid, name }) => this.#known.has(oid) && !this.#choice.wants(schemaName, name),
    )
    const gone = [
      ...dropped,
      ...renamed.map(({ oid, pgstream_id }) => ({ oid, pgstream_id, name: this.#known.get(oid)! })),
    ]
    for (const { oid, name } of tables) this.#known.set(oid, name)
    for (const { oid } of gone) this.#known.delete(oid)

    if (tables.length === schema.tables.length && dropped.length === schema.dropped_tables.length)
      return event
    if (tables.length + gone.length === 0 && isAboutTables(schema)) return null
    return withDelta(event, schemaName, { ...schema, tables, dropped_tables: gone })
  }
}

/**
 * Whether nothing is left of it without its tables. Of an entry that is cut into parts, every part is needed to put it
 * together again, also an empty one.
 */
const isAboutTables = ({ dropped, renamed_from, parts }: SchemaDelta): boolean =>
  !dropped && renamed_from === undefined && parts === undefined

/** The schema was renamed, and nothing of it is wanted under its new name. Said once, if the entry has parts. */
function dropOf(schemaName: string, event: SchemaChangeEvent): SchemaChangeEvent | null {
  const { command, xid, lsn, snapshot, part = 1 } = event.entry.schema
  if (part > 1) return null
  return withDelta(event, schemaName, {
    command,
    xid,
    lsn,
    snapshot,
    tables: [],
    dropped_tables: [],
    dropped: true,
  })
}

/** The same row of the schema log with another content. */
function withDelta(event: SchemaChangeEvent, schemaName: string, schema: SchemaDelta): SchemaChangeEvent {
  const changed = new Map<string, string>([
    ['schema_name', schemaName],
    ['schema', JSON.stringify(schema)],
  ])
  return {
    ...event,
    values: event.relation.columns.map(({ name }, i) => changed.get(name) ?? event.values[i]!),
    entry: { ...event.entry, schemaName, schema },
  }
}
