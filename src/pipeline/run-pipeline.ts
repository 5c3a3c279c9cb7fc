import type { Duplex, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { takesPrinted } from './contracts.ts'
import type { Listener } from './contracts.ts'

/** Each of `stages` is a Transform of events in object mode. */
export interface PipelineParts {
  readonly listener: Listener
  readonly stages?: readonly Duplex[]
  readonly processor: Writable
  /** Aborting drops what is undelivered: it comes again at the next start. */
  readonly signal?: AbortSignal
}

/**
 * Runs until the listener ends (`listener.stop()`) and everything that was read is durable and confirmed.
 * Rejects with the first error of any part, or with an AbortError.
 */
export async function runPipeline({
  listener,
  stages = [],
  processor,
  signal,
}: PipelineParts): Promise<void> {
  listener.printed = [...stages, processor].every(takesPrinted)
  await pipeline([listener, ...stages, processor], signal ? { signal } : {})
}
