import type { ColumnSchema, SchemaDelta, SchemaLogEntry, TableSchema } from './schema-log.ts'

/**
 * An entry from a row of `pgstream.schema_log`, read by the names of its columns.
 * @throws {TypeError} when it is not one of ours; says nothing of what it holds.
 */
export function readSchemaLogEntry(column: (name: string) => unknown): SchemaLogEntry {
  const text = (name: string): string => {
    const value = column(name)
    if (typeof value === 'string') return value
    throw notOurs(`has no ${name}`)
  }
  return {
    id: text('id').trim(),
    version: Number(column('version')),
    schemaName: text('schema_name'),
    createdAt: text('created_at'),
    schema: readDelta(text('schema')),
  }
}

function readDelta(json: string): SchemaDelta {
  try {
    const delta = JSON.parse(json) as SchemaDelta
    if (isDelta(delta)) return delta
  } catch {
    // it is no JSON, or no object, or one without lists
  }
  throw notOurs('holds something else than a description of tables')
}

const number = /^\d+$/

/** Has what those rely on who learn from it. */
const isDelta = ({ xid, lsn, snapshot, tables, dropped_tables }: SchemaDelta): boolean =>
  number.test(xid) &&
  /^[\dA-F]{1,8}\/[\dA-F]{1,8}$/.test(lsn) &&
  /^\d+:\d+:[\d,]*$/.test(snapshot) &&
  dropped_tables.every(({ oid }) => number.test(oid)) &&
  tables.every(isTable)

const isTable = (table: TableSchema): boolean =>
  number.test(table.oid) &&
  areTexts([table.name, table.pgstream_id]) &&
  areTexts(table.identity_columns) &&
  areTexts(table.primary_key_columns) &&
  table.unique_indexes.every(({ columns }) => areTexts(columns)) &&
  table.columns.every(isColumn)

const isColumn = ({ name, type, pgstream_id: id, nullable }: ColumnSchema): boolean =>
  areTexts([name, type, id]) && typeof nullable === 'boolean'

/** @throws {TypeError} when it is no list at all. */
const areTexts = (values: readonly unknown[]): boolean => values.every((value) => typeof value === 'string')

const notOurs = (what: string): TypeError => new TypeError(`an entry of pgstream.schema_log ${what}`)
