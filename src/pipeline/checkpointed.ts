import type { Writable } from 'node:stream'
import type { ChangeEvent } from '../wal/event.ts'
import { ConfirmingWritable } from './confirming-writable.ts'
import type { WriteCallback } from './confirming-writable.ts'
import type { Checkpointer } from './contracts.ts'

/**
 * Makes any object-mode Writable a safe end of the stream: an event counts as durable when the Writable calls back for
 * it, and only then is the source told.
 *
 * The Writable gets changes (rows, schema changes, messages), never bare positions. If it has `_writev`, it gets what
 * gathered while it was busy, up to its own highWaterMark. It is ended, and destroyed, together with what is returned.
 *
 * @throws {TypeError} when the Writable is not in object mode.
 */
export function checkpointed(writable: Writable, checkpointer: Checkpointer): Writable {
  if (!writable.writableObjectMode) {
    throw new TypeError(
      'checkpointed() needs a Writable with objectMode: true: it is given events, not bytes',
    )
  }
  return new Checkpointed(writable, checkpointer)
}

class Checkpointed extends ConfirmingWritable {
  readonly #inner: Writable

  constructor(inner: Writable, checkpointer: Checkpointer) {
    super({ objectMode: true, highWaterMark: inner.writableHighWaterMark }, checkpointer)
    this.#inner = inner
    this.metrics.opened = true
    inner.on('error', (error) => this.destroy(error))
    inner.on('close', () => {
      if (!inner.writableFinished)
        this.destroy(inner.errored ?? new Error('the Writable was closed too early'))
    })
  }

  protected override enqueue(event: ChangeEvent): number {
    this.buffer(event)
    return 1
  }

  override _write(event: ChangeEvent, _encoding: BufferEncoding, callback: WriteCallback): void {
    this.#handOver([event], callback)
  }

  override _writev(chunks: readonly { chunk: ChangeEvent }[], callback: WriteCallback): void {
    this.#handOver(
      chunks.map(({ chunk }) => chunk),
      callback,
    )
  }

  /**
   * Each event is settled when the inner Writable calls back for it, so that a long batch confirms as it goes. Each has a
   * callback of its own: Node counts calls of one and the same together, and tells of what succeeded behind a failed event
   * before it tells of the failure.
   */
  #handOver(events: readonly ChangeEvent[], callback: WriteCallback): void {
    const startedAt = performance.now()
    let left = events.length
    const settled = (error?: Error | null): void => {
      if (left <= 0) return
      if (error) {
        left = 0
        callback(error)
        return
      }
      this.settle(1)
      if (--left > 0) return
      this.metrics.delivered(events.length, 0, performance.now() - startedAt)
      callback()
    }
    this.#inner.cork()
    for (const event of events) this.#inner.write(event, (error) => settled(error))
    this.#inner.uncork()
  }

  override _final(callback: WriteCallback): void {
    this.#inner.once('error', callback)
    this.#inner.end(() => {
      this.#inner.off('error', callback)
      this.confirmed().then(() => callback(), callback)
    })
  }

  override _destroy(error: Error | null, callback: WriteCallback): void {
    this.#inner.destroy(error ?? undefined)
    super._destroy(error, callback)
  }
}
