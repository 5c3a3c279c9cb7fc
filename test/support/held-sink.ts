import { Processor } from '../../src/pipeline/processor.ts'
import type { Operation, ProcessorOptions } from '../../src/pipeline/processor.ts'
import type { ChangeEvent } from '../../src/wal/event.ts'

interface HeldBatch {
  readonly lines: string[]
  succeed(): void
  fail(error: Error): void
}

/** A processor whose deliveries wait until the test lets them go, one by one or all. */
export class HeldSink extends Processor {
  readonly batches: HeldBatch[] = []
  #holding = true

  constructor(options: Partial<ProcessorOptions> = {}) {
    super({ maxQueueBytes: 1024 * 1024, batchSize: 1_000, batchBytes: 1024 * 1024, ...options })
  }

  /** Everything that was delivered so far, or is being delivered. */
  get lines(): string[] {
    return this.batches.flatMap((batch) => batch.lines)
  }

  /** From now on deliveries succeed at once. */
  letGo(): void {
    this.#holding = false
    for (const batch of this.batches) batch.succeed()
  }

  protected override encode(event: ChangeEvent): Operation | null {
    if (event.kind !== 'insert') return null
    return { bytes: Buffer.from(String(event.values[1])) }
  }

  protected override async deliver(batch: readonly Operation[]): Promise<void> {
    await new Promise<void>((succeed, fail) => {
      this.batches.push({ lines: batch.map(({ bytes }) => bytes.toString()), succeed, fail })
      if (!this.#holding) succeed()
    })
  }
}
