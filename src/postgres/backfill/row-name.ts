import { createHash } from 'node:crypto'
import { LargeText } from '../../wal/large-text.ts'
import type { Relation } from '../../wal/relation.ts'
import { unchangedToast } from '../../wal/value.ts'
import type { Row, Value } from '../../wal/value.ts'

/** Longer names are hashed: many are kept, and a keyless row is named by all that it holds. */
const longestName = 100

/**
 * What tells a row from others of its table: the text of some of its values. Two equal names are the same text in every
 * column, which is less than what Postgres calls equal: each form that a key had in the stream has a name of its own.
 */
export function rowName(values: Row, columns: readonly number[]): string {
  let name = ''
  for (const column of columns) name += part(valueText(values[column]!))
  return shortened(name)
}

/** The same of values that are texts already. */
export const rowNameOf = (texts: readonly string[]): string => shortened(texts.map(part).join(''))

const part = (text: string | null): string => (text === null ? '-' : `${text.length}:${text}`)

const shortened = (name: string): string =>
  name.length <= longestName ? name : createHash('sha256').update(name).digest('base64')

/** The columns that name a row of this shape in updates and deletes: the replica identity, else all. */
export function namingColumns(relation: Relation): readonly number[] {
  const known = columnsOf.get(relation)
  if (known) return known
  const keys = relation.columns.flatMap(({ key }, i) => (key ? [i] : []))
  const columns = keys.length > 0 ? keys : relation.columns.map((_, i) => i)
  columnsOf.set(relation, columns)
  return columns
}

const columnsOf = new WeakMap<Relation, readonly number[]>()

/** What Postgres reads as this value; null for null and for what is not known. */
export function valueText(value: Value): string | null {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return String(value)
    case 'boolean':
      return value ? 't' : 'f'
    default:
      if (value instanceof LargeText) return value.toString()
      return value === null || value === unchangedToast ? null : `\\x${value.toString('hex')}`
  }
}
