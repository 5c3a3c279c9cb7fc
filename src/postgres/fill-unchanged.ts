import type { Column } from '../wal/relation.ts'
import { unchangedToast } from '../wal/value.ts'
import type { Row, Value } from '../wal/value.ts'

/**
 * Old rows are always sent with their large values, so that what they know is not missing in the new row: everything,
 * or, where `columns` are given, the key.
 */
export function fillUnchanged(values: Value[], old: Row, columns: readonly Column[] | null): void {
  for (let i = 0; i < values.length; i++) {
    if (values[i] === unchangedToast && (columns === null || columns[i]!.key)) values[i] = old[i]!
  }
}
