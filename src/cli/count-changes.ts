import type { Readable } from 'node:stream'
import type { WalEvent } from '../wal/event.ts'

export interface ChangeCounts {
  rows: number
  schemaChanges: number
  messages: number
}

/**
 * Counts what a listener hands on, from the call on. Call it in the tick in which the pipeline is put together: a
 * listener that is watched begins to flow.
 */
export function countChanges(listener: Readable): ChangeCounts {
  const counts: ChangeCounts = { rows: 0, schemaChanges: 0, messages: 0 }
  listener.on('data', ({ kind }: WalEvent) => {
    switch (kind) {
      case 'insert':
      case 'update':
      case 'delete':
      case 'truncate':
        counts.rows += 1
        break
      case 'schema-change':
        counts.schemaChanges += 1
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
