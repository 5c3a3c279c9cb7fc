import { printedValue } from './printed-bytes.ts'
import type { PrintedChange } from './printed-change.ts'
import type { Relation } from './relation.ts'
import { unchangedToast } from './value.ts'
import type { Row, Value } from './value.ts'

const tableKeys = new WeakMap<Relation, string>()

/** Names a table: `schema.table`, both quoted as in SQL where they have to be, so that the dot between them is the only one. */
export function tableKey(relation: Relation): string {
  const known = tableKeys.get(relation)
  if (known !== undefined) return known
  const key = `${quoted(relation.schema)}.${quoted(relation.table)}`
  tableKeys.set(relation, key)
  return key
}

/**
 * Names a row of a table by some of its columns, as a JSON list: `public.users[1]`; by none, the table. A large value that an
 * update did not touch is taken from the `old` row.
 */
export function rowKey(relation: Relation, columns: readonly number[], row: Row, old: Row | null): string {
  return keyOf(
    relation,
    columns.map((i) => (row[i] === unchangedToast ? (old?.[i] ?? null) : (row[i] ?? null))),
  )
}

/** The same of the new row of a change that stayed as it was printed: it has a value for every column. */
export const printedRowKey = (change: PrintedChange, columns: readonly number[]): string =>
  keyOf(
    change.relation,
    columns.map((i) => printedValue(change, i)),
  )

function keyOf(relation: Relation, values: readonly Value[]): string {
  const table = tableKey(relation)
  return values.length === 0 ? table : `${table}[${values.map(keyText).join(',')}]`
}

function keyText(value: Value): string {
  if (Buffer.isBuffer(value)) return `"${value.toString('hex')}"`
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return `"${value}"`
  return JSON.stringify(value === unchangedToast ? null : value)
}

const quoted = (name: string): string =>
  /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
