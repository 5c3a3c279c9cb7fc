import type { WalEvent } from '../wal/event.ts'
import type { Mark } from '../wal/schema-store.ts'

/** So many events wait at most: bare positions, and what is not large. */
const mostHeld = 128

export interface HeldCommitsOptions {
  /** Resolves when the marks are durable. */
  readonly write: (marks: readonly Mark[]) => Promise<void>
  readonly handOn: (event: WalEvent) => void
  readonly fail: (error: Error) => void
}

/**
 * Holds back commits until the entries of their transactions are marked, and what comes behind them. What gathers while
 * marks are being written is marked at once: a backlog of DDL does not wait for a disk at each commit.
 */
export class HeldCommits {
  readonly #options: HeldCommitsOptions
  #held: { readonly event: WalEvent; readonly marks: readonly Mark[] }[] = []
  #writing: Promise<void> | null = null

  constructor(options: HeldCommitsOptions) {
    this.#options = options
  }

  get length(): number {
    return this.#held.length
  }

  get isEmpty(): boolean {
    return this.#held.length === 0
  }

  get isFull(): boolean {
    return this.#held.length >= mostHeld
  }

  /** Hands the event on: at once, if it needs no marks and nothing is held. */
  add(event: WalEvent, marks: readonly Mark[] = []): void {
    if (this.isEmpty && marks.length === 0) return this.#options.handOn(event)
    this.#held.push({ event, marks })
    this.#writing ??= this.#write().catch(this.#options.fail)
  }

  /** Resolves when nothing is held any more, or the marks could not be written. */
  async emptied(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    while (!this.isEmpty) {
      const round = [...this.#held]
      const marks = round.flatMap(({ marks }) => marks)
      if (marks.length > 0) await this.#options.write(marks)
      this.#held.splice(0, round.length)
      for (const { event } of round) this.#options.handOn(event)
    }
    this.#writing = null
  }
}
