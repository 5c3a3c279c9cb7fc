import type { RowEvent } from '../wal/event.ts'
import { PrintedChange } from '../wal/printed-change.ts'
import { LargeText } from '../wal/large-text.ts'
import type { Row } from '../wal/value.ts'

/** About how many bytes the values of a row take. */
export function rowSize(event: RowEvent): number {
  if (event instanceof PrintedChange) return event.bytes.length
  switch (event.kind) {
    case 'insert':
      return sizeOf(event.values)
    case 'update':
      return sizeOf(event.values) + (event.old ? sizeOf(event.old) : 0)
    case 'delete':
      return sizeOf(event.old)
    case 'truncate':
      return 0
  }
}

function sizeOf(row: Row): number {
  let bytes = 0
  for (const value of row) {
    if (typeof value === 'string') bytes += 2 * value.length
    else if (value instanceof LargeText) bytes += value.bytes.length
    else if (typeof value === 'object' && value !== null) bytes += value.length
  }
  return bytes
}
