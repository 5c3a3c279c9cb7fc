import type { Operation } from '../pipeline/processor.ts'
import type { ChangeEvent } from '../wal/event.ts'
import type { StoreOperation } from './search-operation.ts'
import type { WrittenRun } from './written-run.ts'

/** Came before the store could be asked what it knows: taken up when it has answered. */
export interface WaitingOperation extends Operation {
  readonly kind: 'waiting'
  readonly event: ChangeEvent
}

/** What waits in the queue of the indexer. */
export type QueuedOperation = StoreOperation | WrittenRun | WaitingOperation
