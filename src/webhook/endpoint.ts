import { BackOff } from '../pipeline/back-off.ts'
import { pauseUnlessAborted } from '../pipeline/pause-unless-aborted.ts'
import type { RetryPolicy } from '../pipeline/retry-policy.ts'
import { PgstreamError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { SinkMetrics } from '../telemetry/sink-metrics.ts'
import type { DeadLetterBox } from './dead-letters.ts'
import { Health } from './endpoint-health.ts'
import { HttpPoster } from './http-poster.ts'
import { Lanes } from './lanes.ts'
import { notificationHeaders, unsendable } from './notification.ts'
import type { Change, Notification } from './notification.ts'
import { outcomeOf, outcomeOfError } from './outcome.ts'
import type { Failure, Outcome } from './outcome.ts'
import type { Permits } from './permits.ts'
import type { SigningKey } from './signature.ts'
import type { SubscriptionBook } from './subscription-book.ts'
import type { TargetGuard } from './target-guard.ts'
import { readTargetUrl } from './target-url.ts'

/** What all endpoints share. */
export interface EndpointOptions {
  readonly book: SubscriptionBook
  readonly deadLetters: DeadLetterBox
  readonly guard: TargetGuard
  readonly permits: Permits
  readonly logger: Logger
  readonly signal: AbortSignal
  readonly workers: number
  readonly timeoutMs: number
  readonly retry: RetryPolicy
  readonly metrics: SinkMetrics
  /** Puts down for good that this URL wants nothing more. */
  readonly disable: (url: string, reason: string) => Promise<void>
  /** Something happened that must not happen. */
  readonly fail: (error: unknown) => void
}

/**
 * One URL: what waits for it, in order, and what is under way to it. It waits for nobody else, and nobody else for it, but for
 * the memory that all of them share.
 */
export class Endpoint {
  readonly url: string
  readonly #options: EndpointOptions
  readonly #lanes = new Lanes<Notification>()
  readonly #health: Health
  readonly #address: { readonly origin: string; readonly path: string } | { readonly problem: string }
  #poster: HttpPoster | null = null
  #working = 0
  #wasUsed = true

  constructor(url: string, options: EndpointOptions) {
    this.url = url
    this.#options = options
    this.#health = new Health(options.retry)
    const read = readTargetUrl(url)
    this.#address =
      'problem' in read ? read : { origin: read.url.origin, path: read.url.pathname + read.url.search }
  }

  /** What waits or is under way. */
  get length(): number {
    return this.#lanes.length
  }

  take(notification: Notification): void {
    this.#lanes.add(notification, notification.change.lanes)
    this.#work()
  }

  /** What comes from here on is sent when everything before it is done. */
  fence(): void {
    this.#lanes.fence()
  }

  get isDown(): boolean {
    return this.#health.isDown
  }

  /** Whether there was nothing to do since it was asked last. */
  isIdle(): boolean {
    const isIdle = this.length === 0 && !this.#wasUsed
    this.#wasUsed = this.length > 0
    return isIdle
  }

  async close(): Promise<void> {
    await this.#poster?.close()
    this.#poster = null
  }

  #work(): void {
    this.#wasUsed = true
    while (this.#working < this.#options.workers) {
      const work = this.#lanes.next()
      if (!work) return
      this.#working++
      this.#deliver(work.item).then(
        () => {
          this.#working--
          this.#lanes.finish(work)
          work.item.done()
          this.#work()
        },
        (error: unknown) => this.#options.fail(error),
      )
    }
  }

  /** Resolves when the notification is delivered, among the dead letters, or nobody wants it any more. */
  async #deliver(notification: Notification): Promise<void> {
    const { book, retry, signal } = this.#options
    const { change, target } = notification
    let backOff: BackOff | undefined
    const startedAt = performance.now()
    if (!this.#health.mayTry()) return this.#bury(notification, this.#health.why, 0)
    for (let attempts = 1; ; attempts++) {
      const pause = this.#health.pauseMs()
      if (pause > 0) await pauseUnlessAborted(pause, signal)
      const keys = book.keysOf(target)
      if (keys === 'gone') return
      if (typeof keys === 'string') return this.#bury(notification, unsendable[keys], attempts - 1)
      const outcome = await this.#attempt(change, keys)
      signal.throwIfAborted()
      if (outcome === 'delivered') return this.#succeeded()
      const isLast = attempts > retry.retries || this.#health.isDown || !outcome.mayPass
      this.#tellFirst(outcome, attempts)
      if (outcome.isGone) await this.#gone(outcome.reason)
      if (isLast) {
        if (outcome.mayPass && this.#health.usedUp(outcome.reason, startedAt)) this.#tellDown(outcome.reason)
        return this.#bury(notification, outcome.reason, attempts)
      }
      this.#options.metrics.retrying(this.#failure(outcome.reason))
      this.#health.leaveAlone(outcome.pauseMs)
      backOff ??= new BackOff({ ...retry, jitter: 'full' })
      await pauseUnlessAborted(backOff.next(), signal)
    }
  }

  async #attempt(change: Change, keys: readonly SigningKey[]): Promise<Outcome> {
    const { permits } = this.#options
    if ('problem' in this.#address)
      return { reason: this.#address.problem, mayPass: false, isGone: false, pauseMs: null }
    const waits = permits.take()
    if (waits) await waits
    try {
      const headers = notificationHeaders(change.id, change.body, keys)
      this.#poster ??= this.#connect(this.#address.origin)
      return outcomeOf(await this.#poster.post(this.#address.path, headers, change.body))
    } catch (error) {
      return outcomeOfError(error)
    } finally {
      permits.giveBack()
    }
  }

  #connect(origin: string): HttpPoster {
    const { workers, timeoutMs, guard } = this.#options
    return new HttpPoster(origin, { connections: workers, timeoutMs, connect: guard.connector(timeoutMs) })
  }

  #succeeded(): void {
    if (this.#health.succeeded()) this.#options.logger.info(this.#name, 'the webhook endpoint answers again')
  }

  async #gone(reason: string): Promise<void> {
    const { book, disable, logger } = this.#options
    await disable(this.url, reason)
    book.disable(this.url, reason)
    logger.warn(this.#name, 'the webhook endpoint says that it is gone: its subscriptions are disabled')
  }

  async #bury({ change, target }: Notification, reason: string, attempts: number): Promise<void> {
    const { id: webhookId, type: action, schema, table, body } = change
    const { url, subscriptionIds } = target
    const letter = { webhookId, url, subscriptionIds, action, schema, table, body, reason, attempts }
    await this.#options.deadLetters.keep(letter)
    this.#options.metrics.deadLettered()
    const fields = { ...this.#name, webhookId, attempts, reason }
    const sentence = 'a notification is kept among the dead letters: its receiver did not take it'
    // one line for each would fill the disk as long as an endpoint is away
    if (this.#health.isDown) this.#options.logger.debug(fields, sentence)
    else this.#options.logger.error(fields, sentence)
  }

  #tellFirst({ reason, mayPass }: Failure, attempts: number): void {
    if (attempts > 1 || !mayPass || this.#health.isDown) return
    if (this.#health.isFirstFailure())
      this.#options.logger.warn(
        { ...this.#name, reason },
        'a webhook endpoint does not take notifications; trying again',
      )
  }

  #tellDown(reason: string): void {
    this.#options.logger.error(
      { ...this.#name, reason },
      'a webhook endpoint takes nothing: until it does, its notifications are kept among the dead letters',
    )
  }

  #failure(reason: string): PgstreamError {
    const sentence = `The webhook endpoint ${this.#name.endpoint} does not take notifications: ${reason}.`
    return new PgstreamError('PGSTREAM_SINK_FAILED', sentence)
  }

  /** A URL may have a secret in its path. */
  get #name(): { endpoint: string } {
    return { endpoint: 'problem' in this.#address ? 'a URL that cannot be used' : this.#address.origin }
  }
}
