import type { RowEvent, SchemaChangeEvent } from '../wal/event.ts'
import type { Relation } from '../wal/relation.ts'
import { ownSchema, schemaLogColumns, schemaLogTable } from '../wal/schema-log.ts'
import type { StoredEntry } from '../wal/schema-store.ts'

const relation: Relation = {
  oid: 0,
  schema: ownSchema,
  table: schemaLogTable,
  replicaIdentity: 'default',
  columns: schemaLogColumns.map((column) => ({ ...column, typeOid: 0, key: column.name === 'id' })),
}

/** The event of an entry that stands behind this row in the stream, to be handed on before it. */
export const eventOfEntry = (
  { entry, values }: StoredEntry,
  { commitLsn, lsn, xid, commitTime }: RowEvent,
  ordinal: number,
): SchemaChangeEvent => ({
  kind: 'schema-change',
  relation,
  values,
  entry,
  commitLsn,
  ordinal,
  lsn,
  xid,
  commitTime,
  position: null,
  translation: null,
})
