import type { Position } from '../wal/position.ts'
import type { Checkpointer } from './contracts.ts'

/** Tells a source what is durable: one call at a time, and what becomes durable meanwhile is told with the next. */
export class Confirmation {
  readonly #checkpointer: Checkpointer
  readonly #take: () => readonly Position[]
  readonly #fail: (error: Error) => void
  #running: Promise<void> | null = null

  /** `take` gives what is to be told and forgets it, at most one position per partition; `fail` hears of a refusal. */
  constructor(checkpointer: Checkpointer, take: () => readonly Position[], fail: (error: Error) => void) {
    this.#checkpointer = checkpointer
    this.#take = take
    this.#fail = fail
  }

  /** Tells what there is to tell. Never throws. */
  tell(): void {
    if (this.#running) return
    const positions = this.#take()
    if (positions.length === 0) return
    try {
      const answer: void | Promise<void> = this.#checkpointer.checkpoint(positions)
      if (answer) this.#running = this.#afterwards(answer)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  /** Resolves when everything is told and answered. */
  async told(): Promise<void> {
    while (this.#running) await this.#running
  }

  async #afterwards(answer: Promise<void>): Promise<void> {
    try {
      await answer
      this.#running = null
      this.tell()
    } catch (error) {
      this.#running = null
      this.#fail(error as Error)
    }
  }
}
