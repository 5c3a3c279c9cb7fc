import type { ChangeEvent, CommitEvent, InsertEvent, SchemaChangeEvent } from '../../src/wal/event.ts'
import { lsn } from '../../src/wal/lsn.ts'
import type { Relation } from '../../src/wal/relation.ts'
import type { SchemaLogEntry } from '../../src/wal/schema-log.ts'
import type { Mark, SchemaStore } from '../../src/wal/schema-store.ts'
import { tableSchema } from './log-entries.ts'

export const users = tableSchema(1, 'users', { id: 'integer!', name: 'text' })

export const relationOf = (
  table: string,
  columns: readonly string[],
  more: Partial<Relation> = {},
): Relation => ({
  oid: 1,
  schema: 'public',
  table,
  replicaIdentity: 'default',
  columns: columns.map((name) => ({ name, type: 'integer', typeOid: 23, key: name === 'id' })),
  ...more,
})

const place = (
  at: bigint,
  xid = Number(at),
): Omit<ChangeEvent, 'kind' | 'relation' | 'values'> & { position: null; translation: null } => ({
  commitLsn: lsn(at),
  ordinal: 0,
  lsn: lsn(at),
  xid,
  commitTime: 0,
  position: null,
  translation: null,
})

export const insert = (relation: Relation, at: bigint, xid?: number): InsertEvent => ({
  ...place(at, xid),
  kind: 'insert',
  relation,
  values: relation.columns.map(() => 1),
})

export const entry = (told: SchemaLogEntry, at: bigint, xid?: number): SchemaChangeEvent => ({
  ...place(at, xid),
  kind: 'schema-change',
  relation: relationOf('schema_log', [], { schema: 'pgstream' }),
  values: [],
  entry: told,
})

export const commit = (at: bigint): CommitEvent => ({
  kind: 'commit',
  commitLsn: lsn(at),
  xid: Number(at),
  commitTime: 0,
  position: { partition: 'slot', offset: at + 1n },
})

export const markText = (marks: readonly Mark[]): string =>
  `mark ${marks.map(({ entry, commitEnd }) => `${entry.id} ${commitEnd}`).join(', ')}`

/** A store that knows certain entries, and says what it is asked. */
export function store(known: Partial<SchemaStore> & { log?: string[] } = {}): SchemaStore {
  return {
    open: async () => void known.log?.push('open'),
    readState: async () => lsn(0n),
    define: async () => [],
    mark: async (marks) => void known.log?.push(markText(marks)),
    close: async () => void known.log?.push('close'),
    ...known,
  }
}
