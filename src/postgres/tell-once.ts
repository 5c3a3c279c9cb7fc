import type { Logger } from '../telemetry/logger.ts'

const againMs = 60_000

/** Warns of what goes on for long: at once, when it changes, and every minute. */
export class TellOnce {
  readonly #logger: Logger
  #text = ''
  #toldAt = 0

  constructor(logger: Logger) {
    this.#logger = logger
  }

  warn(facts: Readonly<Record<string, unknown>>, text: string): void {
    const now = performance.now()
    if (text === this.#text && now - this.#toldAt < againMs) return
    this.#text = text
    this.#toldAt = now
    this.#logger.warn(facts, text)
  }

  /** It is over: the next is told at once. */
  forget(): void {
    this.#text = ''
  }
}
