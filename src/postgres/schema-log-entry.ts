import { PgstreamError } from '../errors.ts'
import type { SchemaDelta, SchemaLogEntry } from '../wal/schema-log.ts'

/**
 * An entry from a row of `pgstream.schema_log`, read by the names of its columns.
 * @throws {PgstreamError} PGSTREAM_PROTOCOL when it is not one of ours.
 */
export function schemaLogEntry(column: (name: string) => unknown): SchemaLogEntry {
  const text = (name: string): string => {
    const value = column(name)
    if (typeof value === 'string') return value
    throw new PgstreamError('PGSTREAM_PROTOCOL', `an entry of pgstream.schema_log has no ${name}`)
  }
  const id = text('id').trim()
  try {
    return {
      id,
      version: Number(column('version')),
      schemaName: text('schema_name'),
      createdAt: text('created_at'),
      schema: JSON.parse(text('schema')) as SchemaDelta,
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new PgstreamError('PGSTREAM_PROTOCOL', `the entry ${id} of pgstream.schema_log holds no JSON`)
  }
}
