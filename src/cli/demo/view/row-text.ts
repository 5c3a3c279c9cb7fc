import type { RowEvent } from '../../../wal/event.ts'
import type { Relation } from '../../../wal/relation.ts'
import { isSameValue, unchangedToast } from '../../../wal/value.ts'
import type { Row, Value } from '../../../wal/value.ts'
import type { Paint } from './paint.ts'
import { onOneLine, valueText } from './value-text.ts'

/**
 * What a row event says, column by column: all of a new or deleted row; of an updated one its key and what changed, old
 * and new. `primaryKey` is what the schema log knows of the table.
 */
export function rowText(event: RowEvent, primaryKey: readonly string[], paint: Paint): string[] {
  const { relation } = event
  switch (event.kind) {
    case 'insert':
      return columnsText(relation, event.values, paint)
    case 'delete':
      return columnsText(relation, event.old, paint, relation.replicaIdentity !== 'full')
    case 'truncate':
      return ['all rows']
    case 'update':
      return event.old === null
        ? columnsText(relation, event.values, paint)
        : changesText(relation, event.old, event.values, primaryKey, paint)
  }
}

function columnsText(relation: Relation, row: Row, paint: Paint, keyOnly = false): string[] {
  return relation.columns.flatMap(({ name, type, key }, i) =>
    keyOnly && !key ? [] : `${nameText(name, paint)}${valueText(row[i], type)}`,
  )
}

function changesText(
  relation: Relation,
  old: Row,
  values: Row,
  primaryKey: readonly string[],
  paint: Paint,
): string[] {
  const wholeOldRow = relation.replicaIdentity === 'full'
  return relation.columns.flatMap(({ name, type, key }, i) => {
    const text = `${nameText(name, paint)}${valueText(values[i], type)}`
    if (!wholeOldRow && !key) return text
    if (isSame(old[i], values[i])) {
      return wholeOldRow && primaryKey.length > 0 && !primaryKey.includes(name) ? [] : text
    }
    const before = paint('removed', valueText(old[i], type))
    return `${nameText(name, paint)}${before} → ${paint('added', valueText(values[i], type))}`
  })
}

const nameText = (name: string, paint: Paint): string => paint('faint', `${onOneLine(name)}=`)

const isSame = (old: Value | undefined, value: Value | undefined): boolean =>
  value === unchangedToast || isSameValue(old, value)
