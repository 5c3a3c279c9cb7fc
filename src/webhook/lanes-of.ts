import type { ChangeEvent, RowEvent } from '../wal/event.ts'
import { rowKey, tableKey } from '../wal/row-key.ts'
import type { Row } from '../wal/value.ts'

/** Changes that have a lane in common keep their order; `barrier` keeps it towards everything. */
export type LanesOf = readonly string[] | 'barrier'

/**
 * The lanes of a change: of its row, under a key that changed those of both rows. DDL and TRUNCATE are barriers. Changes of
 * a table whose rows nothing tells apart have the table's lane.
 */
export function lanesOf(event: ChangeEvent): LanesOf {
  switch (event.kind) {
    case 'truncate':
    case 'schema-change':
      return 'barrier'
    case 'message':
      return ['']
    case 'insert':
      return [lane(event, event.values, null)]
    case 'delete':
      return [lane(event, event.old, null)]
    case 'update': {
      const now = lane(event, event.values, event.old)
      const before = event.old === null ? now : lane(event, event.old, null)
      return now === before ? [now] : [before, now]
    }
  }
}

function lane(event: RowEvent, row: Row, old: Row | null): string {
  const columns = identityColumns(event)
  return columns.length === 0 ? tableKey(event.relation) : rowKey(event.relation, columns, row, old)
}

const known = new WeakMap<
  RowEvent['relation'],
  { translation: RowEvent['translation']; columns: readonly number[] }
>()

/**
 * The columns of the replica identity: with them Postgres tells which row an update or delete was about. All columns tell too
 * much; of those, the ones of the primary key, if the translator knows it.
 */
function identityColumns({ relation, translation }: RowEvent): readonly number[] {
  const found = known.get(relation)
  if (found?.translation === translation) return found.columns
  const ids = translation?.identityColumnIds ?? []
  const columns =
    relation.replicaIdentity === 'full'
      ? (translation?.columnIds ?? []).flatMap((id, i) => (ids.includes(id) ? [i] : []))
      : relation.columns.flatMap(({ key }, i) => (key ? [i] : []))
  known.set(relation, { translation, columns })
  return columns
}
