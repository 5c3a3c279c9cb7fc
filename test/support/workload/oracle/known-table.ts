import type { Relation } from '../../../../src/wal/relation.ts'
import type { ColumnSchema, TableSchema } from '../../../../src/wal/schema-log.ts'
import { shown } from './problems.ts'

/** A table as the entries of the schema log have described it so far; a new object after each change. */
export interface KnownTable extends TableSchema {
  readonly schema: string
}

/** Which generated columns the stream has values of. */
export type GeneratedColumns = 'none' | 'stored'

export const isSent = ({ generated: kind }: ColumnSchema, generated: GeneratedColumns): boolean =>
  kind === '' || (kind === 'stored' && generated === 'stored')

/** How the shape of a row differs from what is known of its table; null when it does not. */
export function misfit(
  relation: Relation,
  known: KnownTable,
  { generated, early }: { generated: GeneratedColumns; early: boolean },
): string | null {
  const columns = known.columns.filter((column) => isSent(column, generated))
  const shape = (of: readonly { name: string; type: string }[]): string =>
    shown(of.map(({ name, type }) => `${name} ${type}`))
  if (early) {
    // the stream names domains by what they stand for, and the trigger gave the table its identity after these rows
    const names = (of: readonly { name: string }[]): string => shown(of.map(({ name }) => name))
    const fits = names(relation.columns) === names(columns)
    return fits ? null : `columns ${names(relation.columns)} where the next entry says ${names(columns)}`
  }
  if (shape(relation.columns) !== shape(columns)) {
    return `columns ${shape(relation.columns)} where the entries say ${shape(columns)}`
  }
  if (relation.replicaIdentity !== known.replica_identity) {
    return `replica identity ${relation.replicaIdentity} where the entries say ${known.replica_identity}`
  }
  const keys = relation.columns.filter(({ key }) => key).map(({ name }) => name)
  const expected = columns.filter(({ name }) => known.identity_columns.includes(name)).map(({ name }) => name)
  if (shown(keys) !== shown(expected)) {
    return `identity columns ${shown(keys)} where the entries say ${shown(expected)}`
  }
  return null
}
