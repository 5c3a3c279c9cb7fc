import { Fifo } from '../pipeline/fifo.ts'

/** At most so many at once; whoever comes first is served first. */
export class Permits {
  readonly #waiting = new Fifo<() => void>()
  #free: number

  constructor(most: number) {
    this.#free = most
  }

  /** Undefined when there is one at once. Each has to be given back. */
  take(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free--
      return undefined
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  giveBack(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}
