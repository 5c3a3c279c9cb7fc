import { KnownTables, qualifiedName } from '../wal/known-tables.ts'
import type { SchemaLogEntry } from '../wal/schema-log.ts'
import { describeKnownTable } from './known-table.ts'
import type { KnownTable } from './known-table.ts'
import { TypeNames } from './type-names.ts'
import type { NamedType } from './type-names.ts'

/** What a decoder knows of a database before the first message. */
export interface SourceKnowledge {
  readonly types: TypeNames
  readonly tables: KnownTables<KnownTable>
  /** By `qualifiedName`: what has rows that wal2json tells of, and is no table. */
  readonly materializedViews: Set<string>
}

/** A piece of it, as plain data: a recording keeps it as JSON. */
export type SourceFact =
  | { readonly types: readonly NamedType[] }
  | { readonly materializedViews: readonly { readonly schema: string; readonly name: string }[] }
  /** A table that no entry describes. */
  | { readonly table: KnownTable }
  /** Of a transaction that may be, or may not be, still to come in the stream, an entry is only assumed. */
  | { readonly entry: SchemaLogEntry; readonly assumed: boolean }

export const nothingKnown = (): SourceKnowledge => ({
  types: new TypeNames(),
  tables: new KnownTables(describeKnownTable),
  materializedViews: new Set(),
})

export function learnFact({ types, tables, materializedViews }: SourceKnowledge, fact: SourceFact): void {
  if ('types' in fact) {
    types.know(fact.types)
  } else if ('table' in fact) {
    tables.add(fact.table)
  } else if ('entry' in fact) {
    if (fact.assumed) tables.assume(fact.entry)
    else tables.learn(fact.entry)
  } else {
    for (const { schema, name } of fact.materializedViews) materializedViews.add(qualifiedName(schema, name))
  }
}
