import type { ChangeEvent } from '../../../src/wal/event.ts'
import { formatLsn } from '../../../src/wal/lsn.ts'
import type { Row } from '../../../src/wal/value.ts'
import type { Relation } from '../../../src/wal/relation.ts'
import type { NamedChange } from './judge-lives.ts'

/** An event in the words of the journal. */
export function namedChange(event: ChangeEvent): NamedChange {
  const { commitLsn, ordinal, xid } = event
  return { xid, name: `${formatLsn(commitLsn)} ${ordinal}`, change: inWords(event) }
}

function inWords(event: ChangeEvent): string {
  if (event.kind === 'message') return `message ${event.content.toString()}`
  const { schema, table } = event.relation
  const where = `${schema}.${table}`
  switch (event.kind) {
    case 'truncate':
      return `truncate ${where}`
    case 'delete':
      return `delete ${where} ${idIn(event.relation, event.old)}`
    case 'schema-change':
      return `insert ${where} ${event.entry.id}`
    case 'insert':
    case 'update':
      return `${event.kind} ${where} ${idIn(event.relation, event.values)}`
  }
}

const idIn = ({ columns }: Relation, row: Row): string =>
  String(row[columns.findIndex(({ name }) => name === 'id')])
