import type { NamedTable, ToldTable } from '../wal/known-tables.ts'
import type { ReplicaIdentity } from '../wal/relation.ts'

export interface KnownColumn {
  readonly name: string
  readonly type: string
  readonly key: boolean
  /** Computed when it is read: no row has it. */
  readonly virtual: boolean
}

/** What a row does not say of its table. */
export interface KnownTable extends NamedTable {
  readonly replicaIdentity: ReplicaIdentity
  /** Its rows are those of its partitions. */
  readonly partitioned: boolean
  readonly columns: readonly KnownColumn[]
}

export function describeKnownTable({ entry, table, before, addsIndexes }: ToldTable<KnownTable>): KnownTable {
  if (before && addsIndexes) return before
  const keys = new Set(table.identity_columns)
  const now: KnownTable = {
    oid: Number(table.oid),
    schema: entry.schemaName,
    name: table.name,
    replicaIdentity: table.replica_identity,
    partitioned: table.partitioned ?? false,
    columns: table.columns.map(({ name, type, generated }) => ({
      name,
      type,
      key: keys.has(name),
      virtual: generated === 'virtual',
    })),
  }
  return before && JSON.stringify(before) === JSON.stringify(now) ? before : now
}
