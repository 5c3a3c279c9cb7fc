import { Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import type { Checkpointer } from '../../src/pipeline/contracts.ts'
import { Processor } from '../../src/pipeline/processor.ts'
import type { Operation } from '../../src/pipeline/processor.ts'
import type { ChangeEvent } from '../../src/wal/event.ts'

/** Keeps an event for good, or throws: then the sink has refused it. */
export type Store = (event: ChangeEvent) => void

interface StoredOperation extends Operation {
  readonly event: ChangeEvent
}

class StoringProcessor extends Processor<StoredOperation> {
  readonly #store: Store

  constructor(store: Store, checkpointer: Checkpointer) {
    super({ checkpointer, maxQueueBytes: 2_000, batchSize: 7, batchBytes: 1_000 })
    this.#store = store
  }

  protected override encode(event: ChangeEvent): StoredOperation {
    return { bytes: Buffer.alloc(50), event }
  }

  protected override async deliver(batch: readonly StoredOperation[]): Promise<void> {
    await nextTurn()
    for (const { event } of batch) this.#store(event)
  }
}

function stored(events: readonly ChangeEvent[], store: Store): Error | null {
  try {
    for (const event of events) store(event)
    return null
  } catch (error) {
    return error as Error
  }
}

/** Every kind of sink that a user can make; what it called back for is in the store. */
export const storingSinks: Readonly<Record<string, (store: Store, checkpointer: Checkpointer) => Writable>> =
  {
    'a Writable that calls back at once': (store, checkpointer) =>
      checkpointed(
        new Writable({
          objectMode: true,
          write: (event: ChangeEvent, _encoding, callback) => callback(stored([event], store)),
        }),
        checkpointer,
      ),
    'a Writable that calls back later': (store, checkpointer) =>
      checkpointed(
        new Writable({
          objectMode: true,
          write: (event: ChangeEvent, _encoding, callback) =>
            setImmediate(() => callback(stored([event], store))),
        }),
        checkpointer,
      ),
    'a Writable that takes batches': (store, checkpointer) =>
      checkpointed(
        new Writable({
          objectMode: true,
          highWaterMark: 20,
          writev: (chunks, callback) =>
            setImmediate(() =>
              callback(
                stored(
                  chunks.map(({ chunk }) => chunk as ChangeEvent),
                  store,
                ),
              ),
            ),
        }),
        checkpointer,
      ),
    'a Processor': (store, checkpointer) => new StoringProcessor(store, checkpointer),
  }
