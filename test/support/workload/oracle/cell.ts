import type { unchangedToast } from '../../../../src/wal/value.ts'
import type { Value } from '../../../../src/wal/value.ts'
import { isWidening } from '../values/widening.ts'

/** Stands where the stream cannot have told what a column of a row holds. */
export const unknown: unique symbol = Symbol('unknown')

/** What is known of a row's column. */
export type Cell = Exclude<Value, typeof unchangedToast> | typeof unknown

/** As Postgres prints it, but for floats, which both sides bring to the form of JavaScript. */
export function cellText(cell: Exclude<Cell, typeof unknown>): string | null {
  if (cell === null || typeof cell === 'string') return cell
  if (typeof cell === 'boolean') return cell ? 't' : 'f'
  if (typeof cell === 'object') return `\\x${cell.toString('hex')}`
  return typeof cell === 'number' ? numberText(cell) : String(cell)
}

const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

const javascriptTypes: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  smallint: 'number',
  integer: 'number',
  oid: 'number',
  real: 'number',
  'double precision': 'number',
  bigint: 'bigint',
  bytea: 'bytes',
}

/** What a value of this type must be in JavaScript, and its text; expected values get it from Postgres' own text. */
export function expectedCell(type: string, text: string | null): string {
  if (text === null) return 'null'
  const isFloat = type === 'real' || type === 'double precision'
  return `${javascriptTypes[type] ?? 'string'} ${isFloat ? numberText(Number(text)) : text}`
}

export function actualCell(cell: Exclude<Cell, typeof unknown>): string {
  const text = cellText(cell)
  return text === null ? 'null' : `${Buffer.isBuffer(cell) ? 'bytes' : typeof cell} ${text}`
}

/** An old value in the new type, where Postgres prints it as before; anything can have come of others. */
export function carryOver(cell: Cell, from: string, to: string): Cell {
  if (!isWidening(from, to)) return unknown
  return to === 'bigint' && typeof cell === 'number' ? BigInt(cell) : cell
}
