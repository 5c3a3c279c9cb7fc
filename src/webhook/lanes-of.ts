import type { ChangeEvent, RowEvent, TruncateEvent } from '../wal/event.ts'
import { noTuple, PrintedChange } from '../wal/printed-change.ts'
import { printedRowKey, rowKey } from '../wal/row-key.ts'
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
    default:
      return lanesOfRow(event, identityColumns(event))
  }
}

function lanesOfRow(event: Exclude<RowEvent, TruncateEvent>, columns: readonly number[]): LanesOf {
  if (columns.includes(missing)) return 'barrier'
  if (event instanceof PrintedChange && event.kind !== 'delete' && event.oldAt === noTuple)
    return [printedRowKey(event, columns)]
  const lane = (row: Row, old: Row | null): string => rowKey(event.relation, columns, row, old)
  if (event.kind === 'insert') return [lane(event.values, null)]
  if (event.kind === 'delete') return [lane(event.old, null)]
  const now = lane(event.values, event.old)
  const before = event.old === null ? now : lane(event.old, null)
  return now === before ? [now] : [before, now]
}

const known = new WeakMap<
  RowEvent['relation'],
  { translation: RowEvent['translation']; columns: readonly number[] }
>()

/** A column that identifies rows and is not there: nothing can be said of the row, so that nothing may overtake it. */
const missing = -1

/** By which columns rows of this table are told apart; by none, nothing tells. */
function identityColumns({
  relation,
  translation,
}: Pick<RowEvent, 'relation' | 'translation'>): readonly number[] {
  const found = known.get(relation)
  if (found?.translation === translation) return found.columns
  const columns = findIdentity(relation, translation)
  known.set(relation, { translation, columns })
  return columns
}

/**
 * The columns of the replica identity: with them Postgres tells which row an update or delete was about. All columns tell too
 * much; of those, the ones of the primary key, if the translator knows it. Wire JSON (from Kafka) does not say of an insert
 * which columns are its key: there it is the translator's word for all kinds of changes, which follows the replica identity.
 */
function findIdentity(
  { oid, replicaIdentity, columns }: RowEvent['relation'],
  translation: RowEvent['translation'],
): readonly number[] {
  const isOfWireJson = oid === 0
  if (!isOfWireJson && replicaIdentity !== 'full') return columns.flatMap(({ key }, i) => (key ? [i] : []))
  const { columnIds = [], identityColumnIds = null } = translation ?? {}
  return (identityColumnIds ?? []).map((id) => columnIds.indexOf(id))
}
