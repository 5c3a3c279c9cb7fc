import type { RowEvent, TruncateEvent } from '../../../../src/wal/event.ts'
import { formatLsn } from '../../../../src/wal/lsn.ts'
import { unchangedToast } from '../../../../src/wal/value.ts'
import type { Row } from '../../../../src/wal/value.ts'
import { unknown } from './cell.ts'
import type { Cell } from './cell.ts'
import type { KnownTable } from './known-table.ts'
import type { Problems } from './problems.ts'
import type { StoredRow, StoredRows } from './stored-rows.ts'

const rowsOf = (event: Exclude<RowEvent, TruncateEvent>): Row[] => [
  ...('values' in event ? [event.values] : []),
  ...('old' in event && event.old ? [event.old] : []),
]

/** Does to the rows of a table what the event says; what cannot have happened so is a problem. */
export function applyRow(event: RowEvent, table: KnownTable, rows: StoredRows, problems: Problems): void {
  if (event.kind === 'truncate') return rows.clear()
  const { relation, kind } = event
  const ids = new Map(table.columns.map(({ name, pgstream_id }) => [name, pgstream_id]))
  const columnIds = relation.columns.map(({ name }) => ids.get(name)!)
  const keys = columnIds.filter((_id, i) => relation.columns[i]!.key)
  const wrong = (what: string): void =>
    problems.add(`${kind} of ${relation.schema}.${relation.table} at ${formatLsn(event.lsn)}: ${what}`)

  const isWhole = (row: Row): boolean => row.length === columnIds.length
  if (!rowsOf(event).every(isWhole))
    return wrong(`it does not have a value for each of ${columnIds.length} columns`)

  const stored = (row: Row, old?: StoredRow): StoredRow => {
    const cells: StoredRow = new Map(table.columns.map(({ pgstream_id }) => [pgstream_id, unknown as Cell]))
    for (const [i, id] of columnIds.entries()) {
      const value = row[i]!
      if (value !== unchangedToast) cells.set(id, value)
      else if (old) cells.set(id, old.get(id) ?? null)
      else wrong(`column ${relation.columns[i]!.name} has no value`)
    }
    return cells
  }
  const isUnique = relation.replicaIdentity === 'default' || relation.replicaIdentity === 'index'
  const add = (row: StoredRow): void => {
    if (isUnique && keys.length > 0 && rows.has(keys, row)) wrong('a row with its key is there already')
    rows.add(row)
  }

  if (kind === 'insert') return add(stored(event.values))
  if (event.old === null && relation.replicaIdentity === 'full') wrong('the old row is missing')
  const before = event.old ?? (event as { values: Row }).values
  if (keys.length === 0 && columnIds.length > 0) return wrong('no column identifies the row')
  const wanted: StoredRow = new Map(columnIds.map((id, i) => [id, before[i] as Cell]))
  for (const [i, id] of columnIds.entries()) {
    if (keys.includes(id) && before[i] === unchangedToast)
      return wrong(`${relation.columns[i]!.name} identifies the row, but has no value`)
  }
  const found = rows.find(keys, wanted)
  if (!found) return wrong('there is no such row')
  rows.remove(found)
  if (kind === 'update') add(stored(event.values, found))
}
