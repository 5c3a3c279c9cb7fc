import { PgstreamError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { DeadLetter } from './dead-letters.ts'

/** So often it is said that a notification is kept. */
const keptEveryMs = 10_000

/** What is said of an endpoint, by a name without secrets. */
export class EndpointReport {
  readonly #endpoint: string
  readonly #logger: Logger
  #nextKeptAt = 0
  /** Since it was said of one. */
  #keptUnsaid = 0

  constructor(endpoint: string, logger: Logger) {
    this.#endpoint = endpoint
    this.#logger = logger
  }

  doesNotTake(reason: string): void {
    const sentence = 'a webhook endpoint does not take notifications; trying again'
    this.#logger.warn({ endpoint: this.#endpoint, reason }, sentence)
  }

  isDown(reason: string): void {
    const sentence =
      'a webhook endpoint takes nothing: until it does, its notifications are kept among the dead letters'
    this.#logger.error({ endpoint: this.#endpoint, reason }, sentence)
  }

  answersAgain(): void {
    this.#logger.info({ endpoint: this.#endpoint }, 'the webhook endpoint answers again')
  }

  isGone(): void {
    const sentence = 'the webhook endpoint says that it is gone: its subscriptions are disabled'
    this.#logger.warn({ endpoint: this.#endpoint }, sentence)
  }

  /** One line for each would fill the disk as long as an endpoint is away, or refuses everything. */
  isKept({ webhookId, attempts, reason }: DeadLetter, isDown: boolean): void {
    const now = performance.now()
    const isSaid = !isDown && now >= this.#nextKeptAt
    const unsaid = isSaid && this.#keptUnsaid > 0 ? { keptBefore: this.#keptUnsaid } : {}
    const fields = { endpoint: this.#endpoint, webhookId, attempts, reason, ...unsaid }
    const sentence = 'a notification is kept among the dead letters: its receiver did not take it'
    if (!isSaid) {
      this.#keptUnsaid++
      return this.#logger.debug(fields, sentence)
    }
    this.#keptUnsaid = 0
    this.#nextKeptAt = now + keptEveryMs
    this.#logger.error(fields, sentence)
  }

  error(reason: string): PgstreamError {
    return new PgstreamError(
      'PGSTREAM_SINK_FAILED',
      `The webhook endpoint ${this.#endpoint} does not take notifications: ${reason}.`,
    )
  }
}
