import type { ColumnSchema } from '../../../../src/wal/schema-log.ts'
import { actualCell, expectedCell, unknown } from './cell.ts'
import { isSent } from './known-table.ts'
import type { GeneratedColumns } from './known-table.ts'
import { shown } from './problems.ts'
import type { SourceColumn, SourceTable } from './source-state.ts'
import { countUnknown } from './stored-rows.ts'
import type { StoredRow } from './stored-rows.ts'

/** What a plugin cannot say. */
export interface Limits {
  readonly generated: GeneratedColumns
  /** NaN and infinities are null. */
  readonly nanIsNull?: boolean
}

const isNaNOrInfinity = /^-?(NaN|Infinity)$/
const numbers = /^(real|double precision|numeric.*)$/

function expectedText({ type }: SourceColumn, text: string | null, { nanIsNull }: Limits): string {
  const isLost = nanIsNull && text !== null && numbers.test(type) && isNaNOrInfinity.test(text)
  return expectedCell(type, isLost ? null : text)
}

/** Rows as multisets; a cell that is not known may be anything. */
export function compareRows(
  rows: readonly StoredRow[],
  columns: readonly ColumnSchema[],
  table: SourceTable,
  limits: Limits,
): string[] {
  const ids = table.columns.map(
    ({ name }) => columns.find((column) => column.name === name)?.pgstream_id ?? '',
  )
  const sent = columns.filter((column) => isSent(column, limits.generated)).map(({ name }) => name)
  const comparable = table.columns.map(({ name }) => sent.includes(name))
  const expected = table.rows.map((row) =>
    row.map((text, i) => (comparable[i] ? expectedText(table.columns[i]!, text, limits) : null)),
  )
  const left = new Map<string, (string | null)[][]>()
  for (const row of expected) {
    const alike = left.get(keyOf(row))
    if (alike) alike.push(row)
    else left.set(keyOf(row), [row])
  }
  const unexpected: (string | null)[][] = []
  for (const row of rows.toSorted((a, b) => countUnknown(a) - countUnknown(b))) {
    const cells = ids.map((id, i) => {
      const cell = row.get(id) ?? null
      return cell === unknown || !comparable[i] ? null : actualCell(cell)
    })
    const exact = left.get(keyOf(cells))
    const alike = exact?.length
      ? exact
      : [...left.values()].find((each) => each.length > 0 && fits(cells, each[0]!))
    if (alike) alike.pop()
    else unexpected.push(cells)
  }
  const missing = [...left.values()].flat()
  return [
    ...missing.slice(0, 3).map((row) => `the stream lacks the row ${shown(row)}`),
    ...unexpected.slice(0, 3).map((row) => `the stream has the row ${shown(row)}, which is not there`),
  ]
}

/** No text of Postgres has the byte that joins them. */
const keyOf = (row: readonly (string | null)[]): string => row.join('\0')

const fits = (cells: readonly (string | null)[], row: readonly (string | null)[]): boolean =>
  cells.every((cell, i) => cell === null || cell === row[i])
