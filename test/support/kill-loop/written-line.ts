import { createHash } from 'node:crypto'
import type { Change } from '../writers/journal.ts'

interface Column {
  readonly name: string
  readonly value: unknown
}

/** The JSON of a line, as far as it matters here. */
interface Line {
  readonly action: 'I' | 'U' | 'D' | 'T' | 'M'
  readonly schema: string
  readonly table: string
  readonly columns: readonly Column[] | null
  readonly identity: readonly Column[] | null
  readonly commit_lsn: string
  readonly ordinal: number
  readonly xid: number
  readonly content?: string
}

/** What a line in the file says, without what is large. */
export interface WrittenLine {
  readonly xid: number
  /** commit_lsn and ordinal: what names a change for ever. */
  readonly name: string
  readonly change: Change
  readonly action: Line['action']
  readonly table: string
  readonly columns: readonly string[]
  readonly id: number | null
  readonly body: string | null
  /** Of an entry of the schema log: its JSON. */
  readonly entry: string | null
}

const verbs = { I: 'insert', U: 'update', D: 'delete', T: 'truncate', M: 'message' } as const

const digest = (text: string): string => createHash('md5').update(text).digest('hex')

/** @throws {Error} when the line is not what `pgstream run --stdout` prints. */
export function readLine(text: string): WrittenLine {
  const line = JSON.parse(text) as Line
  const { action, schema, table, columns, identity, commit_lsn: commitLsn, ordinal, xid, content } = line
  const value = (name: string): unknown =>
    (columns ?? identity)?.find((column) => column.name === name)?.value ?? null
  const id = value('id')
  const what = action === 'M' ? content : action === 'T' ? '' : String(id)
  const isEntry = schema === 'pgstream'
  const body = isEntry ? null : value('body')
  return {
    xid,
    name: `${commitLsn} ${ordinal}`,
    change: [verbs[action], action === 'M' ? '' : `${schema}.${table}`, what].filter(Boolean).join(' '),
    action,
    table: isEntry ? '' : table,
    columns: (columns ?? []).map(({ name }) => name),
    id: typeof id === 'number' ? id : null,
    body: typeof body === 'string' ? digest(body) : null,
    entry: isEntry ? String(value('schema')) : null,
  }
}
