import type { ColumnSchema, SchemaDelta, SchemaLogEntry, TableSchema } from '../../src/wal/schema-log.ts'

/** A table of the schema log: its columns by name and type, a `!` behind the types of those that identify a row. */
export function tableSchema(
  oid: number,
  name: string,
  columns: Readonly<Record<string, string>>,
  more: Partial<TableSchema> = {},
): TableSchema {
  const keys = Object.keys(columns).filter((column) => columns[column]!.endsWith('!'))
  return {
    oid: String(oid),
    pgstream_id: `t${oid}`,
    name,
    columns: Object.entries(columns).map(([column, type], i) =>
      columnSchema(`t${oid}-${i + 1}`, column, type.replace('!', '')),
    ),
    primary_key_columns: keys,
    primary_key_deferrable: false,
    replica_identity: 'default',
    identity_columns: keys,
    unique_indexes: [],
    ...more,
  }
}

export const columnSchema = (
  id: string,
  name: string,
  type: string,
  more: Partial<ColumnSchema> = {},
): ColumnSchema => ({
  pgstream_id: id,
  name,
  type,
  base_type: type,
  kind: 'base',
  default: null,
  nullable: true,
  generated: '',
  identity: '',
  unique: false,
  metadata: null,
  ...more,
})

let entries = 0

/** An entry that a transaction of its own made, which sees every other. */
export function schemaLogEntry(schema: Partial<SchemaDelta>, schemaName = 'public'): SchemaLogEntry {
  entries++
  const xid = 1_000 + entries
  return {
    id: `entry${entries}`,
    version: entries,
    schemaName,
    createdAt: '2026-11-22 07:59:18.719648',
    schema: {
      command: 'ALTER TABLE',
      xid: String(xid),
      lsn: '0/1000',
      snapshot: `${xid}:${xid}:`,
      tables: [],
      dropped_tables: [],
      ...schema,
    },
  }
}
