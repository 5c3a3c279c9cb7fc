import type { Relation } from './relation.ts'
import { unchangedToast } from './value.ts'
import type { Row, Value } from './value.ts'

/**
 * A row as `{ name: value }`, without the columns whose large value an update did not touch. Convenient, and slower
 * than reading `row[i]` beside `relation.columns[i]`.
 */
export function rowObject(
  relation: Relation,
  row: Row,
): Record<string, Exclude<Value, typeof unchangedToast>> {
  const object: Record<string, Exclude<Value, typeof unchangedToast>> = {}
  for (const [i, { name }] of relation.columns.entries()) {
    const value = row[i]
    // A column may be called __proto__: an assignment would not make it a property.
    if (value === undefined || value === unchangedToast) continue
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
  }
  return object
}
