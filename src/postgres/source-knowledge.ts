import { KnownTables } from './known-tables.ts'
import { TypeNames } from './type-names.ts'

/** What a decoder knows of a database before the first message: of one that recorded its messages, nothing. */
export interface SourceKnowledge {
  readonly types: TypeNames
  readonly tables: KnownTables
  /** By `qualifiedName`: what has rows that wal2json tells of, and is no table. */
  readonly materializedViews: ReadonlySet<string>
}

export const nothingKnown = (): SourceKnowledge => ({
  types: new TypeNames(),
  tables: new KnownTables(),
  materializedViews: new Set(),
})
