import { PgstreamError } from '../errors.ts'
import type { Translation } from '../wal/event.ts'
import type { Relation } from '../wal/relation.ts'
import type { TableSchema } from '../wal/schema-log.ts'
import type { DescribedTable } from './described-table.ts'
import { defaultIdentity } from './identity.ts'

/**
 * Names the columns whose values tell the rows of a table apart; null or none for a table that has no identity, undefined
 * to leave it to the translator.
 */
export type FindIdentity = (table: TableSchema, schema: string) => readonly string[] | null | undefined

/** Names the column whose value orders the states of a row; undefined where that is the event's LSN. */
export type FindVersion = (table: TableSchema, schema: string) => string | null | undefined

export interface Finders {
  readonly findIdentity?: FindIdentity | undefined
  readonly findVersion?: FindVersion | undefined
}

/** Whether the table can be the one that has these rows: it has its name, and all its columns. */
export function isOf(
  table: Pick<TableSchema, 'name' | 'columns'>,
  { table: name, columns }: Relation,
): boolean {
  if (table.name !== name) return false
  const known = new Set(table.columns.map((column) => column.name))
  return columns.every((column) => known.has(column.name))
}

/** @throws {PgstreamError} PGSTREAM_CONFIG_INVALID when a finder names a column that the table does not have. */
export function translate(
  relation: Relation,
  { table, entryId, schema }: DescribedTable,
  { findIdentity, findVersion }: Finders,
): Translation {
  const ids = new Map(table.columns.map(({ name, pgstream_id: id }) => [name, id]))
  const idOf = (finder: string, name: string): string => {
    const id = ids.get(name)
    if (id !== undefined) return id
    throw new PgstreamError(
      'PGSTREAM_CONFIG_INVALID',
      `${finder} of the translator names the column ${JSON.stringify(name)}, which ${schema}.${table.name} does not have.`,
    )
  }
  const found = findIdentity?.(table, schema)
  // generated columns are in the WAL and not always in the stream
  const sent = new Set(relation.columns.map(({ name }) => name))
  const identity = found === undefined ? defaultIdentity(table, sent) : found
  const version = findVersion?.(table, schema)
  return {
    schemaId: entryId,
    tableId: table.pgstream_id,
    columnIds: relation.columns.map(({ name }) => ids.get(name) ?? ''),
    identityColumnIds:
      identity === null || identity.length === 0 ? null : identity.map((name) => idOf('findIdentity', name)),
    versionColumnId: version === undefined || version === null ? '' : idOf('findVersion', version),
  }
}
