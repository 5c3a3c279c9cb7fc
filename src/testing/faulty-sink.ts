import { Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { ChangeEvent } from '../wal/event.ts'
import { seededRandom } from './seeded-random.ts'

export interface FaultySinkOptions<Item> {
  /** One delivery in so many fails, and stores nothing. Default: none. */
  readonly rejectOneIn?: number
  /** One delivery in so many is stored, and then fails: the answer got lost. Default: none. */
  readonly failAfterWriteOneIn?: number
  /** How long a delivery takes. Default 0. */
  readonly delayMs?: number
  /** Deliveries wait until `release`. Default: false. */
  readonly held?: boolean
  /** The same seed fails at the same deliveries. Default 1. */
  readonly seed?: number
  /** Keeps what was delivered somewhere else, too; the delivery waits for it. */
  readonly store?: (items: readonly Item[]) => void | Promise<void>
}

/** What a delivery fails with on purpose. */
export class FaultySinkError extends Error {
  /** It fails although everything of it is stored. */
  readonly isStored: boolean

  constructor(isStored: boolean) {
    super(isStored ? 'stored, but the answer got lost' : 'rejected, and not stored')
    this.name = 'FaultySinkError'
    this.isStored = isStored
  }
}

/** A destination that fails, waits and is slow as it is told, and remembers what it has stored. */
export function faultySink<Item = ChangeEvent>(options: FaultySinkOptions<Item> = {}): FaultySink<Item> {
  return new FaultySink(options)
}

/**
 * The destination itself: it outlives the streams into it, as a broker or a search index does. Each stream gets a
 * Writable of its own, or hands its batches to `deliver`.
 */
export class FaultySink<Item = ChangeEvent> {
  /** What is stored for good, in the order in which it was; what was delivered twice is here twice. */
  readonly stored: Item[] = []
  /** Deliveries that have ended, well or not. */
  deliveries = 0
  /** Those that failed on purpose. */
  failures = 0
  /** Deliveries that wait for `release`. */
  waiting = 0
  readonly #options: FaultySinkOptions<Item>
  readonly #random: () => number
  #released: PromiseWithResolvers | null = null

  constructor(options: FaultySinkOptions<Item> = {}) {
    this.#options = options
    this.#random = seededRandom(options.seed ?? 1)
    if (options.held === true) this.hold()
  }

  /** Deliveries that begin from now on wait. */
  hold(): void {
    this.#released ??= promiseWithResolvers()
  }

  /** Those that wait go on, and new ones no longer wait. */
  release(): void {
    this.#released?.resolve()
    this.#released = null
  }

  /**
   * An object-mode Writable into this sink, with batches, for `checkpointed()`. A stream that failed is replaced by a new
   * one; the sink goes on where it is.
   */
  writable(options: { readonly highWaterMark?: number } = {}): Writable {
    return new Writable({
      ...options,
      objectMode: true,
      write: (item: Item, _encoding, callback) => {
        this.deliver([item]).then(() => callback(), callback)
      },
      writev: (chunks, callback) => {
        this.deliver(chunks.map(({ chunk }) => chunk as Item)).then(() => callback(), callback)
      },
    })
  }

  /**
   * Resolves when all of it is stored.
   * @throws {FaultySinkError} when it is this delivery's turn to fail.
   */
  async deliver(items: readonly Item[]): Promise<void> {
    const { rejectOneIn = Infinity, failAfterWriteOneIn = Infinity, delayMs = 0, store } = this.#options
    const isRejected = this.#random() < 1 / rejectOneIn
    const losesAnswer = this.#random() < 1 / failAfterWriteOneIn
    await this.#mayGoOn()
    if (delayMs > 0) await pause(delayMs)
    if (!isRejected) {
      await store?.(items)
      this.stored.push(...items)
    }
    this.deliveries++
    if (!isRejected && !losesAnswer) return
    this.failures++
    throw new FaultySinkError(!isRejected)
  }

  async #mayGoOn(): Promise<void> {
    if (!this.#released) return
    this.waiting++
    await this.#released.promise
    this.waiting--
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

/** Promise.withResolvers is not in Node 20. */
function promiseWithResolvers(): PromiseWithResolvers {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}
