import { takeShortLived } from './allocate.ts'

/** What is longer gets memory of its own. */
export const mostOfSlab: number = 32 * 1024
const slabBytes = 128 * 1024

/**
 * Memory that short things share, one behind the other. It is let go of when the last of them is, unless somebody knows
 * that nobody has any of them, and gives it back.
 */
export class Slabs {
  readonly #spares: Buffer[] = []
  #bytes: Buffer = Buffer.alloc(0)
  #used = 0

  /** With room for so many bytes, at most `mostOfSlab`, from `used` on. */
  withRoom(bytes: number): Buffer {
    if (this.#used + bytes > this.#bytes.length) {
      this.#bytes = this.#spares.pop() ?? newSlab()
      this.#used = 0
    }
    return this.#bytes
  }

  /** What stands before it belongs to somebody. */
  get used(): number {
    return this.#used
  }

  /** Something was written up to `end`. */
  use(end: number): void {
    this.#used = end
  }

  /** Nobody has anything of this memory any more: it is used again. Dropped, it would be there until all garbage is collected. */
  giveBack(bytes: Buffer): void {
    if (bytes !== this.#bytes) this.#spares.push(bytes)
  }

  /** How many were given back and are not used. */
  get spares(): number {
    return this.#spares.length
  }

  /** Keeps so many of those that were given back. */
  trim(most: number): void {
    if (this.#spares.length > most) this.#spares.length = most
  }
}

function newSlab(): Buffer {
  takeShortLived(slabBytes)
  return Buffer.allocUnsafeSlow(slabBytes)
}

/** Of whoever does not know when it is over. */
export const slabs: Slabs = new Slabs()
