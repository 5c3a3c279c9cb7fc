import type { ChangeEvent, RowEvent, WalEvent } from '../../src/wal/event.ts'
import { rowObject } from '../../src/wal/row-object.ts'
import type { ExpectedTranslation } from './expected-translation.ts'

export const isRow = (event: WalEvent): event is RowEvent =>
  'relation' in event && event.kind !== 'schema-change'

/** What the translation of a row says, in the form of what is expected of it. */
export function translationOf({ relation, translation }: RowEvent): ExpectedTranslation | null {
  return (
    translation && {
      tableId: translation.tableId,
      columns: Object.fromEntries(relation.columns.map(({ name }, i) => [name, translation.columnIds[i]!])),
      identity: translation.identityColumnIds,
    }
  )
}

/** Changes in one line each, in which rows are the values of their first column: `insert users 1`, `entry users, orders`. */
export const inLines = (events: readonly ChangeEvent[]): string[] =>
  events.map((event) => {
    if (event.kind === 'message') return `message ${event.prefix}`
    if (event.kind === 'schema-change')
      return `entry ${event.entry.schema.tables.map(({ name }) => name).join(', ')}`
    const row = 'values' in event ? event.values : 'old' in event ? event.old : []
    const [first] = Object.values(rowObject(event.relation, row))
    return `${event.kind} ${event.relation.table} ${String(first ?? '')}`.trim()
  })
