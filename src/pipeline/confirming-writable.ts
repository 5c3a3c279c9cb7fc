import { Writable } from 'node:stream'
import type { WritableOptions } from 'node:stream'
import type { ChangeEvent, PositionEvent } from '../wal/event.ts'
import { isPositionOnly } from '../wal/event.ts'
import { SinkMetrics } from '../telemetry/sink-metrics.ts'
import type { PluginMessage } from '../wal/plugin-message.ts'
import { Confirmation } from './confirmation.ts'
import { nobody } from './contracts.ts'
import type { Checkpointer } from './contracts.ts'
import { PositionQueue } from './position-queue.ts'

export type WriteCallback = (error?: Error | null) => void

/** What a stream carries beside bare positions: events, or what they are made of. */
export type Carried = ChangeEvent | PluginMessage

/**
 * A Writable of events that confirms to the source what has become durable, and nothing else. What "durable" means is
 * for the subclass to say, by calling `settle` for operations in the order in which it queued them.
 *
 * Events of one tick are corked together, so that one socket read, or one transaction, becomes one batch.
 */
export abstract class ConfirmingWritable<Change extends Carried = ChangeEvent> extends Writable {
  /** What became durable so far, for metrics, status and health. */
  readonly metrics: SinkMetrics = new SinkMetrics(() => ({
    length: this.writableLength,
    limit: this.writableHighWaterMark,
    unit: this.writableObjectMode ? 'events' : 'bytes',
    oldestCommit: this.#positions.oldestCommit,
  }))
  readonly #checkpointer: Checkpointer
  readonly #positions = new PositionQueue((commitTime) => this.metrics.committed(commitTime))
  readonly #confirmation: Confirmation
  #corked = false

  constructor(options: WritableOptions, checkpointer: Checkpointer = nobody) {
    super({ ...options, decodeStrings: false })
    this.#checkpointer = checkpointer
    this.#confirmation = new Confirmation(
      checkpointer,
      () => (this.destroyed ? [] : this.#positions.takeDurable()),
      (error) => this.destroy(error),
    )
    checkpointer.open()
  }

  /** Queues what the sink needs of the event and gives how many more are to be settled for that. */
  protected abstract enqueue(event: Change): number

  /**
   * Takes an event. The callback fires when it, and everything before it, is durable. Never throws: what cannot be
   * taken destroys the stream.
   */
  // unknown: a narrower chunk would not be a Writable to the types of pipeline() and finished()
  override write(event: unknown, callback?: WriteCallback): boolean
  override write(event: unknown, encoding?: BufferEncoding, callback?: WriteCallback): boolean
  override write(chunk: unknown, second?: BufferEncoding | WriteCallback, third?: WriteCallback): boolean {
    const event = chunk as Change | PositionEvent
    const callback = typeof second === 'function' ? second : third
    if (this.writableEnded || this.destroyed) return super.write('', callback) // Node's own words for it
    try {
      if (!isPositionOnly(event)) {
        this.#corkForThisTick()
        this.#positions.queued(this.enqueue(event), 'commitTime' in event ? event.commitTime : 0)
      }
    } catch (error) {
      this.destroy(error as Error)
      if (callback) process.nextTick(callback, error)
      return false
    }
    if (event.position || callback) this.#positions.note(event.position, callback)
    this.#confirmation.tell()
    return !this.writableNeedDrain
  }

  /** Hands a chunk to Node's own queue, which counts it and says `drain`. */
  protected buffer(chunk: unknown): void {
    super.write(chunk)
  }

  /** The next of those that `enqueue` told are durable: confirms the positions that this uncovers. */
  protected settle(count: number): void {
    this.#positions.settle(count)
    this.#confirmation.tell()
  }

  /** Resolves when everything that may be confirmed has been. */
  protected async confirmed(): Promise<void> {
    await this.#confirmation.told()
  }

  override _destroy(error: Error | null, callback: WriteCallback): void {
    this.#positions.fail(error ?? new Error('the stream was destroyed'))
    this.#checkpointer.close()
    callback(error)
  }

  #corkForThisTick(): void {
    if (this.#corked) return
    this.#corked = true
    this.cork()
    setImmediate(() => {
      this.#corked = false
      this.uncork()
    })
  }
}
