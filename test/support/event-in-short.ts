import type { ChangeEvent, CommitEvent } from '../../src/wal/event.ts'
import type { Relation } from '../../src/wal/relation.ts'
import { unchangedToast } from '../../src/wal/value.ts'
import type { Row, Value } from '../../src/wal/value.ts'

/**
 * An event in a few words, for tests that list many: `update products pot Teapot …`, the values in the order of the
 * columns, `…` for a large one that was not touched, and of an old row what counts.
 */
export function inShort(event: ChangeEvent | CommitEvent): string {
  switch (event.kind) {
    case 'commit':
      return 'commit'
    case 'message':
      return `message ${event.prefix}: ${event.content.toString()}${event.transactional ? '' : ' (alone)'}`
    case 'schema-change':
      return [event.entry.schema.command, ...event.entry.schema.tables.map(({ name }) => name)].join(' ')
    case 'truncate':
      return `truncate ${event.relation.table}`
    case 'insert':
      return `insert ${event.relation.table} ${rowText(event.values)}`
    case 'update': {
      const old = event.old ? `, was ${rowText(oldRow(event.relation, event.old))}` : ''
      return `update ${event.relation.table} ${rowText(event.values)}${old}`
    }
    case 'delete':
      return `delete ${event.relation.table} ${rowText(oldRow(event.relation, event.old))}`
  }
}

const oldRow = ({ columns, replicaIdentity }: Relation, row: Row): Row =>
  replicaIdentity === 'full' ? row : row.filter((_, i) => columns[i]!.key)

const rowText = (row: Row): string => row.map(valueText).join(' ')

function valueText(value: Value): string {
  if (value === unchangedToast) return '…'
  return typeof value === 'string' && value.length > 40 ? `(${value.length} letters)` : String(value)
}
