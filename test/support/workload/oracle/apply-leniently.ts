import type { RowEvent } from '../../../../src/wal/event.ts'
import { unchangedToast } from '../../../../src/wal/value.ts'
import type { Row } from '../../../../src/wal/value.ts'
import { unknown } from './cell.ts'
import type { Cell } from './cell.ts'
import type { KnownTable } from './known-table.ts'
import type { StoredRow, StoredRows } from './stored-rows.ts'

/** Stands where a large value should be that never came: no row of a table has it. */
const hole = 'a large value that is missing'

/** Tables that had rows which are the same in every column: of such, the stream does not tell which was changed. */
export class TwinTables {
  readonly #ids = new Set<string>()

  noteRows(tableId: string, rows: Iterable<StoredRow>): void {
    const seen = new Set<string>()
    for (const row of rows) {
      const name = [...row].map(([id, cell]) => `${id} ${String(cell)}`).join('\0')
      if (seen.has(name)) this.add(tableId)
      seen.add(name)
    }
  }

  add(tableId: string): void {
    this.#ids.add(tableId)
  }

  has(tableId: string): boolean {
    return this.#ids.has(tableId)
  }
}

/**
 * Does to the rows of a table what a destination does that keeps the last state of each row and may not have had it: an
 * insert replaces, an update adds, what is deleted may be missing. Large values that are left out are taken from the row.
 */
export function applyLeniently(
  event: RowEvent,
  table: KnownTable,
  rows: StoredRows,
  twins: TwinTables,
): void {
  if (event.kind === 'truncate') return rows.clear()
  const { relation, kind } = event
  const ids = new Map(table.columns.map(({ name, pgstream_id }) => [name, pgstream_id]))
  const columnIds = relation.columns.map(({ name }) => ids.get(name)!)
  const keys = columnIds.filter((_id, i) => relation.columns[i]!.key)
  const names = keys.length > 0 ? keys : columnIds
  const stored = (row: Row, old?: StoredRow): StoredRow => {
    const cells: StoredRow = new Map(table.columns.map(({ pgstream_id }) => [pgstream_id, unknown as Cell]))
    for (const [i, id] of columnIds.entries()) {
      const value = row[i]!
      cells.set(id, value !== unchangedToast ? value : (old?.get(id) ?? hole))
    }
    return cells
  }
  const take = (row: Row): StoredRow | undefined => {
    const found = rows.find(names, new Map(columnIds.map((id, i) => [id, row[i] as Cell])))
    if (found) rows.remove(found)
    return found
  }
  const isBag = keys.length === 0 || keys.length === columnIds.length
  if (kind === 'insert') {
    const row = stored(event.values)
    if (rows.has(names, row)) {
      take(event.values)
      if (isBag && !event.snapshot) twins.add(table.pgstream_id)
    }
    return rows.add(row)
  }
  const before = take(event.old ?? (event as { values: Row }).values)
  if (kind === 'delete') return
  const known = stored(event.values, before)
  const after = rows.has(names, known) ? take(event.values) : undefined
  if (after && isBag) twins.add(table.pgstream_id)
  rows.add(stored(event.values, before ?? after))
}
