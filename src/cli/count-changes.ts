import type { Readable } from 'node:stream'
import type { ChangeCounts, SeenSchemaChange } from '../telemetry/stream-status.ts'
import type { SchemaChangeEvent, WalEvent } from '../wal/event.ts'

const mostChanges = 20
const mostTables = 10

/**
 * Counts what a listener hands on, from the call on. Call it in the tick in which the pipeline is put together: a
 * listener that is watched begins to flow.
 */
export function countChanges(listener: Readable): ChangeCounts {
  const counts: ChangeCounts = { rows: 0, schemaChanges: 0, messages: 0, lastSchemaChanges: [] }
  listener.on('data', (event: WalEvent) => {
    switch (event.kind) {
      case 'insert':
      case 'update':
      case 'delete':
      case 'truncate':
        counts.rows += 1
        break
      case 'schema-change':
        counts.schemaChanges += 1
        counts.lastSchemaChanges.unshift(describe(event))
        counts.lastSchemaChanges.splice(mostChanges)
        break
      case 'message':
        counts.messages += 1
        break
      case 'commit':
      case 'keepalive':
    }
  })
  return counts
}

/** How much has left what stands in front of the processors, whatever it was; called as `countChanges`. */
export function countPassed(last: Readable): () => number {
  let passed = 0
  last.on('data', () => void passed++)
  return () => passed
}

function describe({ entry: { schemaName, schema }, commitTime }: SchemaChangeEvent): SeenSchemaChange {
  const { tables, dropped_tables: dropped, renamed_from: before } = schema
  const names = [...tables.map(({ name }) => name), ...dropped.map(({ name }) => `${name} (dropped)`)]
  const more = names.length - mostTables
  return {
    committed: new Date(commitTime / 1000).toISOString(),
    schema: before === undefined ? schemaName : `${schemaName} (was ${before})`,
    tables: more > 0 ? [...names.slice(0, mostTables), `${more} more`] : names,
  }
}
