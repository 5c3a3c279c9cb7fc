import { Processor } from '../../src/pipeline/processor.ts'
import type { Operation } from '../../src/pipeline/processor.ts'
import type { Checkpointer } from '../../src/pipeline/contracts.ts'
import type { FaultySink } from '../../src/testing/index.ts'
import type { ChangeEvent } from '../../src/wal/event.ts'

interface EventOperation extends Operation {
  readonly event: ChangeEvent
}

/** A sink of ours into a destination with faults. */
export class FaultyProcessor extends Processor<EventOperation> {
  readonly #sink: FaultySink

  constructor(sink: FaultySink, checkpointer: Checkpointer) {
    super({ checkpointer, maxQueueBytes: 200_000, batchSize: 1_000, batchBytes: 1024 * 1024 })
    this.#sink = sink
  }

  protected override encode(event: ChangeEvent): EventOperation {
    return { bytes: Buffer.alloc(100), event }
  }

  protected override async deliver(batch: readonly EventOperation[]): Promise<void> {
    await this.#sink.deliver(batch.map(({ event }) => event))
  }
}
