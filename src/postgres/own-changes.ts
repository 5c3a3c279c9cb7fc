import type { ChangeEvent, InsertEvent, SchemaChangeEvent } from '../wal/event.ts'
import { ownSchema, schemaLogTable } from '../wal/schema-log.ts'
import type { Value } from '../wal/value.ts'
import { schemaLogEntry } from './schema-log-entry.ts'

/** Messages by which the triggers say what they could not do. Anybody can forge them: they are only shown. */
const troublePrefix = 'pgstream.trouble'

/** Gives the event as it is to be handed on: others unchanged, ours as schema change, as words to `trouble`, or not at all. */
export function ownChange(event: ChangeEvent, trouble: (text: string) => void): ChangeEvent | null {
  if (event.kind === 'message') {
    if (event.prefix !== troublePrefix) return event
    trouble(event.content.toString('utf8', 0, 2_000))
    return null
  }
  if (event.relation.schema !== ownSchema) return event
  return event.kind === 'insert' && event.relation.table === schemaLogTable ? toSchemaChange(event) : null
}

/** @throws {PgstreamError} PGSTREAM_PROTOCOL when the entry is not one of ours. */
function toSchemaChange(event: InsertEvent): SchemaChangeEvent {
  const byName = new Map<string, Value>(event.relation.columns.map(({ name }, i) => [name, event.values[i]!]))
  return { ...event, kind: 'schema-change', entry: schemaLogEntry((name) => byName.get(name)) }
}
