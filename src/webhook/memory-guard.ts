import type { Writable } from 'node:stream'

/** So much is read ahead although nobody waits for it. 4 MB cost 3 of 34 CPU-µs a notification: what waits is copied by the collector of garbage. */
const aheadBytes = 512 * 1024

/** Not at the limit itself: the source would be woken for each change that leaves. */
const mayGoOn = 0.9

/**
 * Counts what a Writable holds, in its place: for sinks that let go of what they took in another order than they took it, which
 * the queue of a Writable cannot. `writableLength` and `writableNeedDrain` say what is counted here, and `drain` is emitted.
 */
export class MemoryGuard {
  readonly #owner: Writable
  readonly #most: number
  readonly #isEnough: () => boolean
  #bytes = 0
  #isShut = true
  #drainOwed = false

  /**
   * Shut until it is opened: whoever writes waits. So does he when there is enough to do and some more, although `most` is not
   * reached.
   */
  constructor(owner: Writable, most: number, isEnough: () => boolean) {
    this.#owner = owner
    this.#most = most
    this.#isEnough = isEnough
    Object.defineProperties(owner, {
      writableLength: { get: () => this.#bytes },
      writableHighWaterMark: { get: () => this.#limit() },
      writableNeedDrain: { get: () => this.#isFull() && (this.#drainOwed = true) },
    })
  }

  open(): void {
    this.#isShut = false
    this.#tellDrained()
  }

  add(bytes: number): void {
    this.#bytes += bytes
  }

  release(bytes: number): void {
    this.#bytes -= bytes
    this.#tellDrained()
  }

  /** There is not enough to do any more. */
  hungry(): void {
    this.#tellDrained()
  }

  #limit(): number {
    return this.#bytes >= aheadBytes * mayGoOn && this.#isEnough()
      ? Math.min(aheadBytes, this.#most)
      : this.#most
  }

  #isFull(): boolean {
    const limit = this.#limit()
    return this.#isShut || this.#bytes >= (this.#drainOwed ? limit * mayGoOn : limit)
  }

  #tellDrained(): void {
    if (!this.#drainOwed || this.#isFull()) return
    this.#drainOwed = false
    this.#owner.emit('drain')
  }
}
