import type { SchemaChangeEvent } from '../../src/wal/event.ts'
import type { Relation } from '../../src/wal/relation.ts'
import type { SchemaDelta } from '../../src/wal/schema-log.ts'
import { insert } from './events.ts'
import { schemaLogEntry } from './log-entries.ts'

const names = ['id', 'version', 'schema_name', 'created_at', 'schema', 'acked']

const schemaLog: Relation = {
  oid: 16_390,
  schema: 'pgstream',
  table: 'schema_log',
  replicaIdentity: 'default',
  columns: names.map((name) => ({ name, type: 'text', typeOid: 25, key: name === 'id' })),
}

/** The event of an entry, as a listener makes it. */
export function schemaChange(delta: Partial<SchemaDelta>, schemaName = 'public'): SchemaChangeEvent {
  const entry = schemaLogEntry(delta, schemaName)
  const { id, version, createdAt, schema } = entry
  return {
    ...insert(version),
    kind: 'schema-change',
    relation: schemaLog,
    values: [id, BigInt(version), schemaName, createdAt, JSON.stringify(schema), false],
    entry,
  }
}
