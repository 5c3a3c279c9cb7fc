import { setImmediate as nextTurn } from 'node:timers/promises'
import { PgstreamError } from '../errors.ts'
import { largeBytes } from '../wal/allocate.ts'
import type { ChangeEvent } from '../wal/event.ts'
import { ConfirmingWritable } from './confirming-writable.ts'
import type { Carried, WriteCallback } from './confirming-writable.ts'
import type { Checkpointer } from './contracts.ts'
import { Fifo } from './fifo.ts'
import { largestStandIn, standIn, weigh, weightOf } from './weight.ts'

/** What a sink does for one event, encoded when the event arrived. Sinks add what else they need to know. */
export interface Operation {
  readonly bytes: Buffer
  /** How many bytes it counts, where that is not the length of `bytes`. */
  readonly size?: number
  /** Of how many changes it is, where that is not one. */
  readonly count?: number
}

export interface ProcessorOptions {
  /** Where to confirm what is durable: `listener.checkpointer`. */
  readonly checkpointer?: Checkpointer | undefined
  /** The memory guard: from here on the source waits. */
  readonly maxQueueBytes: number
  /** The most operations of one delivery. */
  readonly batchSize: number
  /** The most bytes of one delivery; a larger operation goes alone. */
  readonly batchBytes: number
}

/** A batch that is under way. */
interface Delivery {
  readonly operations: number
  readonly changes: number
  readonly bytes: number
  /** How many milliseconds it took. */
  readonly done: Promise<number>
}

/**
 * The base of every sink: a byte-mode Writable of events.
 *
 * - Events are encoded at the door: Node counts the memory of what waits or is in flight (`writableLength`: the bytes and
 *   some bookkeeping of each operation) against `maxQueueBytes`, and the event itself is garbage at once.
 * - What gathered while one delivery was on its way becomes the next, cut by `batchSize` and `batchBytes`; an idle sink
 *   never waits.
 * - Batches are delivered in order, one after the other unless the sink says that several may be under way. After each the
 *   source is told what is durable; the memory is released when all that was handed over together is.
 * - A delivery that rejects destroys the stream: retries belong inside it. Each is told to `metrics.retrying`, and what is
 *   put among dead letters to `metrics.deadLettered`; the rest of what `metrics` knows is kept here.
 */
export abstract class Processor<
  Op extends Operation = Operation,
  Change extends Carried = ChangeEvent,
> extends ConfirmingWritable<Change> {
  /**
   * Whether `encode` takes rows whose `values` and `old` are made when they are asked for, and are missing in a copy of the
   * event (`{ ...event }`). `encodeWireJsonBytes` does not ask, and takes half the time.
   */
  readonly takesPrinted: boolean = false
  /** How many batches may be under way. From two on `deliver` has to keep the order of what is in them itself. */
  protected readonly deliveriesAtOnce: number = 1
  readonly #operations = new Fifo<Op>()
  /** For each chunk that Node has: how many operations it stands for. */
  readonly #chunks = new Fifo<number>()
  /** Operations of this tick that Node has not been told of yet, and their weight. */
  #gathered = 0
  #gatheredWeight = 0
  /** Changes of the event that is being encoded that the operation before has taken. */
  #grown = 0
  readonly #batchSize: number
  readonly #batchBytes: number
  readonly #abort = new AbortController()

  constructor(options: ProcessorOptions) {
    super({ highWaterMark: options.maxQueueBytes }, options.checkpointer)
    this.#batchSize = options.batchSize
    this.#batchBytes = options.batchBytes
  }

  /** What the sink does for this event: one operation, several in order, or null for nothing. Copies what it keeps. */
  protected abstract encode(event: Change): Op | readonly Op[] | null

  /** Resolves when the whole batch is durable. `signal` fires when the stream is destroyed. */
  protected abstract deliver(batch: readonly Op[], signal: AbortSignal): Promise<void>

  /** Opens connections, before the first delivery. */
  protected async open(): Promise<void> {}

  /** Lets go of everything, after the last delivery or when the stream is destroyed. */
  protected async release(): Promise<void> {}

  protected override enqueue(event: Change): number {
    this.#grown = 0
    const encoded = this.encode(event)
    if (encoded === null) return this.#grown
    if (!isList(encoded)) {
      this.#queue(encoded)
      return countOf(encoded)
    }
    for (const operation of encoded) this.#queue(operation)
    return sumOf(encoded, countOf)
  }

  /** Whether the operation that was queued last may take another change: it fits a delivery, and Node was not told of it. */
  protected mayGrow(bytes: number): boolean {
    const last = this.#operations.last()
    if (this.#gathered === 0 || last === undefined) return false
    const isSmall = countOf(last) < this.#batchSize && sizeOf(last) + bytes <= this.#batchBytes
    return isSmall && this.#gatheredWeight + bytes <= largestStandIn
  }

  /** It has taken it, and `encode` gives null. */
  protected grew(bytes: number): void {
    this.#grown++
    this.#gatheredWeight += bytes
    this.#tellIfFull()
  }

  /** Those of one turn are one chunk to Node: its queue would take longer, and more memory, than ours does. */
  #queue(operation: Op): void {
    this.#operations.push(operation)
    const weight = weigh(sizeOf(operation))
    if (this.#gatheredWeight + weight > largestStandIn) this.#tellNode()
    this.#gathered++
    if (weight > largestStandIn) return this.#handOver(weightOf(operation.bytes))
    this.#gatheredWeight += weight
    this.#tellIfFull()
  }

  #tellIfFull(): void {
    if (this.writableLength + this.#gatheredWeight >= this.writableHighWaterMark) this.#tellNode()
  }

  #tellNode(): void {
    if (this.#gathered > 0) this.#handOver(standIn(this.#gatheredWeight))
  }

  #handOver(chunk: Buffer): void {
    this.#chunks.push(this.#gathered)
    this.#gathered = 0
    this.#gatheredWeight = 0
    this.buffer(chunk)
  }

  override uncork(): void {
    this.#tellNode()
    super.uncork()
  }

  override _construct(callback: WriteCallback): void {
    this.open().then(() => {
      this.metrics.opened = true
      callback()
    }, callback)
  }

  override _write(_weight: Buffer, _encoding: BufferEncoding, callback: WriteCallback): void {
    this.#deliverChunks(1).then(() => callback(), callback)
  }

  override _writev(weights: readonly unknown[], callback: WriteCallback): void {
    this.#deliverChunks(weights.length).then(() => callback(), callback)
  }

  override _final(callback: WriteCallback): void {
    this.confirmed().then(() => callback(), callback)
  }

  override _destroy(error: Error | null, callback: WriteCallback): void {
    this.#abort.abort(error ?? undefined)
    this.release().then(
      () => super._destroy(error, callback),
      (releaseError: Error) => super._destroy(error ?? releaseError, callback),
    )
  }

  async #deliverChunks(chunks: number): Promise<void> {
    let operations = 0
    for (let left = chunks; left > 0; left--) operations += this.#chunks.shift()!
    const underway = new Fifo<Delivery>()
    for (let left = operations; left > 0 || underway.length > 0;) {
      while (left > 0 && underway.length < this.deliveriesAtOnce) {
        const delivery = this.#beginDelivery(left)
        left -= delivery.operations
        underway.push(delivery)
      }
      const { changes, bytes, done } = underway.shift()!
      const tookMs = await done
      // a request of the system holds what it has sent until the turn ends: not while the next is encoded
      if (bytes > largeBytes) await nextTurn()
      if (this.destroyed)
        throw new PgstreamError('PGSTREAM_STOPPED_HARD', 'The sink was stopped while delivering.')
      this.settle(changes)
      this.metrics.delivered(changes, bytes, tookMs)
    }
  }

  /** Apart, so that nothing of the batch is held when it is done. */
  #beginDelivery(most: number): Delivery {
    const batch = this.#nextBatch(most)
    const startedAt = performance.now()
    const done = this.deliver(batch, this.#abort.signal).then(() => performance.now() - startedAt)
    done.catch(() => undefined) // one that failed before it ends the stream first
    return { operations: batch.length, changes: sumOf(batch, countOf), bytes: sumOf(batch, sizeOf), done }
  }

  #nextBatch(most: number): Op[] {
    const batch: Op[] = []
    let [bytes, changes] = [0, 0]
    for (let next = this.#operations.first(); next; next = this.#operations.first()) {
      bytes += sizeOf(next)
      changes += countOf(next)
      if (batch.length > 0 && (bytes > this.#batchBytes || changes > this.#batchSize)) break
      this.#operations.shift()
      if (batch.push(next) === most) break
    }
    return batch
  }
}

function sumOf(batch: readonly Operation[], amountOf: (operation: Operation) => number): number {
  let sum = 0
  for (const operation of batch) sum += amountOf(operation)
  return sum
}

const countOf = ({ count = 1 }: Operation): number => count

/** Where the size is known, the bytes may have to be made. */
const sizeOf = (operation: Operation): number => operation.size ?? operation.bytes.length

const isList = <Op>(encoded: Op | readonly Op[]): encoded is readonly Op[] => Array.isArray(encoded)
