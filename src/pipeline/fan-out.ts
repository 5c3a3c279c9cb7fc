import { finished, Writable } from 'node:stream'
import { PgstreamError } from '../errors.ts'
import type { WalEvent } from '../wal/event.ts'
import { Confirmation } from './confirmation.ts'
import type { WriteCallback } from './confirming-writable.ts'
import { takesPrinted } from './contracts.ts'
import type { Checkpointer } from './contracts.ts'
import { LeastPositions } from './least-positions.ts'

/** Makes a sink that confirms to the checkpointer it is given: a `Processor`, or a Writable in `checkpointed()`. */
export type MakeSink = (checkpointer: Checkpointer) => Writable

/**
 * One end of the stream for several sinks. Each gets every event, the same object, as soon as it is written: nothing waits
 * in between, and each makes its own batches. The slowest sets the pace: `write` gives false as long as one of them is full.
 *
 * The source is told, per partition, the least of what the sinks have confirmed. A sink that fails, is destroyed or closes
 * before the stream ends destroys the others, and so does a source that refuses a position; `end` waits for all of them.
 * A single sink is handed back as it is.
 *
 * @throws {TypeError} when there is no sink, or one that does not open its checkpointer when it is made.
 */
export function fanOut(checkpointer: Checkpointer, sinks: readonly MakeSink[]): Writable {
  const [first, ...others] = sinks
  if (!first) throw new TypeError('fanOut() needs at least one sink')
  return others.length === 0 ? first(checkpointer) : new FanOut(checkpointer, sinks)
}

class FanOut extends Writable {
  readonly #source: Checkpointer
  readonly #least: LeastPositions
  readonly #confirmation: Confirmation
  readonly #sinks: readonly Writable[]
  #unfinished: number
  #ending = false
  #whenFinished: () => void = () => undefined
  #drainOwed = false

  constructor(source: Checkpointer, sinks: readonly MakeSink[]) {
    super({ objectMode: true })
    this.#source = source
    this.#least = new LeastPositions(sinks.length)
    this.#confirmation = new Confirmation(
      source,
      () => (this.destroyed ? [] : this.#least.take()),
      (error) => this.destroy(error),
    )
    this.#sinks = this.#make(sinks)
    this.#unfinished = sinks.length
    for (const sink of this.#sinks) {
      finished(sink, { readable: false }, (error) => this.#onFinished(sink, error))
      sink.on('drain', () => this.#onDrain())
    }
    // whoever asks before the first write waits for a drain, too: a sink may take nothing before it is open
    Object.defineProperty(this, 'writableNeedDrain', {
      get: () => this.#isFull() && (this.#drainOwed = true),
    })
    source.open()
  }

  #make(sinks: readonly MakeSink[]): readonly Writable[] {
    const made: Writable[] = []
    try {
      for (const [number, make] of sinks.entries()) {
        let opened = false
        made.push(
          make({
            open: () => void (opened = true),
            checkpoint: (positions) => {
              this.#least.confirm(number, positions)
              this.#confirmation.tell()
            },
            close: () => undefined,
          }),
        )
        if (!opened) {
          throw new TypeError(
            `sink ${number + 1} of fanOut() confirms nothing: make it a Processor, or wrap it in checkpointed()`,
          )
        }
      }
    } catch (error) {
      for (const sink of made) sink.on('error', () => undefined).destroy()
      throw error
    }
    return made
  }

  get takesPrinted(): boolean {
    return this.#sinks.every(takesPrinted)
  }

  /** Hands the event to each sink; the callback fires when it is durable in all of them. */
  // unknown: a narrower chunk would not be a Writable to the types of pipeline() and finished()
  override write(event: unknown, callback?: WriteCallback): boolean
  override write(event: unknown, encoding?: BufferEncoding, callback?: WriteCallback): boolean
  override write(event: unknown, second?: BufferEncoding | WriteCallback, third?: WriteCallback): boolean {
    const callback = typeof second === 'function' ? second : third
    if (this.writableEnded || this.destroyed) return super.write('', callback) // Node's own words for it
    this.#handOut(event as WalEvent, callback)
    this.#drainOwed = this.#isFull()
    return !this.#drainOwed
  }

  /** Of `end(event)`, which passes `write` by. */
  override _write(event: WalEvent, _encoding: BufferEncoding, callback: WriteCallback): void {
    this.#handOut(event, callback)
  }

  #handOut(event: WalEvent, callback?: WriteCallback): void {
    const each = callback && afterAll(this.#sinks.length, callback)
    for (const sink of this.#sinks) sink.write(event, each)
  }

  #isFull(): boolean {
    return this.#sinks.some((sink) => sink.writableNeedDrain)
  }

  #onDrain(): void {
    if (!this.#drainOwed || this.#isFull()) return
    this.#drainOwed = false
    this.emit('drain')
  }

  #onFinished(sink: Writable, error: Error | null | undefined): void {
    if (error || !this.#ending) this.destroy(sink.errored ?? endedEarly())
    else if (--this.#unfinished === 0) this.#whenFinished()
  }

  override _final(callback: WriteCallback): void {
    this.#whenFinished = () => void this.#confirmation.told().then(() => callback(), callback)
    this.#ending = true
    for (const sink of this.#sinks) sink.end()
  }

  override _destroy(error: Error | null, callback: WriteCallback): void {
    const closed = this.#sinks.map(async (sink) => {
      if (!sink.closed) await new Promise<void>((resolve) => sink.once('close', resolve))
    })
    for (const sink of this.#sinks) sink.destroy(error ?? undefined)
    void Promise.all(closed).then(() => {
      this.#source.close()
      callback(error)
    })
  }
}

const endedEarly = (): PgstreamError =>
  new PgstreamError('PGSTREAM_SINK_FAILED', 'A sink ended before the stream did.')

/** Calls back once: when as many have called as there are, or with the first error. */
function afterAll(count: number, callback: WriteCallback): WriteCallback {
  let left = count
  return (error) => {
    if (left <= 0) return
    left = error ? 0 : left - 1
    if (left === 0) callback(error)
  }
}
