import type { Writable } from 'node:stream'

/**
 * Counts what a Writable holds, in its place: for sinks that let go of what they took in another order than they took it, which
 * the queue of a Writable cannot. `writableLength` and `writableNeedDrain` say what is counted here, and `drain` is emitted.
 */
export class MemoryGuard {
  readonly #owner: Writable
  readonly #most: number
  #bytes = 0
  #isShut = true
  #drainOwed = false

  /** Shut until it is opened: whoever writes waits. */
  constructor(owner: Writable, most: number) {
    this.#owner = owner
    this.#most = most
    Object.defineProperties(owner, {
      writableLength: { get: () => this.#bytes },
      writableHighWaterMark: { get: () => this.#most },
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

  #isFull(): boolean {
    // not at the limit itself: the source would be woken for each change that leaves
    return this.#isShut || this.#bytes >= (this.#drainOwed ? this.#most * 0.9 : this.#most)
  }

  #tellDrained(): void {
    if (!this.#drainOwed || this.#isFull()) return
    this.#drainOwed = false
    this.#owner.emit('drain')
  }
}
