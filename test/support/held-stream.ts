import type { ProcessorOptions } from '../../src/pipeline/processor.ts'
import { HeldSink } from './held-sink.ts'
import type { TemporaryDatabase } from './postgres.ts'
import { openStream } from './stream.ts'
import type { StreamOptions, TestStream } from './stream.ts'

/** A stream into a sink whose deliveries wait until the test lets them go. */
export interface HeldStream extends TestStream {
  readonly sink: HeldSink
}

export function openHeldStream(
  database: TemporaryDatabase,
  options: Partial<ProcessorOptions> & Omit<StreamOptions, 'processor'> = {},
): HeldStream {
  const { slotName, logger, signal, ...sinkOptions } = options
  let sink: HeldSink | undefined
  const stream = openStream(database, {
    slotName,
    logger,
    signal,
    processor: (checkpointer) => (sink = new HeldSink({ checkpointer, ...sinkOptions })),
  })
  return { ...stream, sink: sink! }
}
