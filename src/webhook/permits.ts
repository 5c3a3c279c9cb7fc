import { Fifo } from '../pipeline/fifo.ts'

/** How long those that have a permit keep it, as far as it is known. */
export type Pace = 'quick' | 'slow'

/**
 * At most so many at once, and of slow ones half as many: however many of these there are, they leave something to those that
 * are quick. Of each kind whoever comes first is served first.
 */
export class Permits {
  readonly #waiting: Readonly<Record<Pace, Fifo<(pace: Pace) => void>>> = {
    quick: new Fifo(),
    slow: new Fifo(),
  }
  #free: number
  #freeForSlow: number

  constructor(most: number) {
    this.#free = most
    this.#freeForSlow = Math.ceil(most / 2)
  }

  /** Calls `begin` with the pace when there is one, which may be at once. Each has to be given back, as the same pace. */
  take(pace: Pace, begin: (pace: Pace) => void): void {
    if (!this.#has(pace)) return this.#waiting[pace].push(begin)
    this.#give(pace, begin)
  }

  giveBack(pace: Pace): void {
    this.#free++
    if (pace === 'slow') this.#freeForSlow++
    if (!this.#serveNext('slow')) this.#serveNext('quick')
  }

  #serveNext(pace: Pace): boolean {
    const begin = this.#has(pace) ? this.#waiting[pace].shift() : undefined
    if (begin) this.#give(pace, begin)
    return begin !== undefined
  }

  #has(pace: Pace): boolean {
    return this.#free > 0 && (pace === 'quick' || this.#freeForSlow > 0)
  }

  #give(pace: Pace, begin: (pace: Pace) => void): void {
    this.#free--
    if (pace === 'slow') this.#freeForSlow--
    begin(pace)
  }
}
