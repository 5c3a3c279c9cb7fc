import type { ChangeEvent, RowEvent } from '../wal/event.ts'
import { rowKey as nameRow, tableKey } from '../wal/row-key.ts'
import type { Row } from '../wal/value.ts'

/** What messages of one key have in common, and so what keeps its order. */
export const messageKeys = ['schema', 'table', 'primary_key'] as const
export type MessageKey = (typeof messageKeys)[number]

/** The key of an event; null for none. Not asked for the messages of `pg_logical_emit_message`, which have none. */
export type KeyOf = (event: ChangeEvent) => string | Buffer | null

/**
 * - `schema`: the name of the schema, for DDL of the schema that it changed: everything of a schema keeps its order.
 * - `table`: `schema.table`, both quoted as in SQL where they have to be.
 * - `primary_key`: the same and the values of the key as a JSON list, `public.users[1]`; of a table without a key its
 *   table's.
 *
 * DDL has the key of its schema always: with the others it keeps its order only within its own partition.
 */
export function keyOf(event: ChangeEvent, key: MessageKey): string | null {
  if (event.kind === 'message') return null
  if (event.kind === 'schema-change') return event.entry.schemaName
  if (key === 'schema') return event.relation.schema
  const table = tableKey(event.relation)
  if (key === 'table' || event.kind === 'truncate') return table
  return rowKey(event, event.kind === 'delete' ? event.old : event.values)
}

/** `primary_key` of one of the two rows of an event. */
export function rowKey(event: RowEvent, row: Row): string {
  return nameRow(event.relation, keyColumns(event), row, 'old' in event ? event.old : null)
}

/** The translator knows the primary key; else what identifies the row in updates, if that is not all of it. */
function keyColumns({ relation, translation }: RowEvent): number[] {
  const ids = translation?.identityColumnIds
  if (ids) return translation.columnIds.flatMap((id, i) => (ids.includes(id) ? [i] : []))
  if (relation.replicaIdentity === 'full') return []
  return relation.columns.flatMap(({ key }, i) => (key ? [i] : []))
}
