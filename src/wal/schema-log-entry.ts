import type { SchemaDelta, SchemaLogEntry } from './schema-log.ts'

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
  tables.every(
    ({ oid, name, identity_columns, columns }) =>
      number.test(oid) &&
      typeof name === 'string' &&
      Array.isArray(identity_columns) &&
      columns.every((column) => typeof column.name === 'string' && typeof column.type === 'string'),
  )

const notOurs = (what: string): TypeError => new TypeError(`an entry of pgstream.schema_log ${what}`)
