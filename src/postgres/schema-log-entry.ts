import { PgstreamError } from '../errors.ts'
import { readSchemaLogEntry } from '../wal/schema-log-entry.ts'
import type { SchemaLogEntry } from '../wal/schema-log.ts'

/**
 * An entry from a row of `pgstream.schema_log`, read by the names of its columns.
 * @throws {PgstreamError} PGSTREAM_PROTOCOL when it is not one of ours.
 */
export function schemaLogEntry(column: (name: string) => unknown): SchemaLogEntry {
  try {
    return readSchemaLogEntry(column)
  } catch (error) {
    throw new PgstreamError('PGSTREAM_PROTOCOL', (error as TypeError).message)
  }
}
