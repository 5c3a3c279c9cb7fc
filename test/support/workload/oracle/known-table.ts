import type { Relation } from '../../../../src/wal/relation.ts'
import type { ColumnSchema, TableSchema } from '../../../../src/wal/schema-log.ts'
import { isSame, shown } from './problems.ts'

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
  const namesOf = (of: readonly { name: string }[]): string[] => of.map(({ name }) => name)
  if (early) {
    // the stream names domains by what they stand for, and the trigger gave the table its identity after these rows
    const [names, next] = [namesOf(relation.columns), namesOf(columns)]
    return isSame(names, next) ? null : `columns ${shown(names)} where the next entry says ${shown(next)}`
  }
  const shapeOf = (of: readonly { name: string; type: string }[]): string[] =>
    of.map(({ name, type }) => `${name} ${type}`)
  const [shape, saidShape] = [shapeOf(relation.columns), shapeOf(columns)]
  if (!isSame(shape, saidShape)) return `columns ${shown(shape)} where the entries say ${shown(saidShape)}`
  if (relation.replicaIdentity !== known.replica_identity) {
    return `replica identity ${relation.replicaIdentity} where the entries say ${known.replica_identity}`
  }
  const keys = namesOf(relation.columns.filter(({ key }) => key))
  const expected = namesOf(columns).filter((name) => known.identity_columns.includes(name))
  return isSame(keys, expected)
    ? null
    : `identity columns ${shown(keys)} where the entries say ${shown(expected)}`
}
