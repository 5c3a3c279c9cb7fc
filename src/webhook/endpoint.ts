import { BackOff } from '../pipeline/back-off.ts'
import { pauseUnlessAborted } from '../pipeline/pause-unless-aborted.ts'
import type { RetryPolicy } from '../pipeline/retry-policy.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { SinkMetrics } from '../telemetry/sink-metrics.ts'
import type { DeadLetterBox } from './dead-letters.ts'
import { Health } from './endpoint-health.ts'
import { EndpointReport } from './endpoint-report.ts'
import type { HttpConnections } from './http-connections.ts'
import { Lanes } from './lanes.ts'
import { unsendable } from './notification.ts'
import type { Notification } from './notification.ts'
import type { Failure, Outcome } from './outcome.ts'
import type { Permits } from './permits.ts'
import { Sender } from './sender.ts'
import { Share } from './share.ts'
import type { SigningKey } from './signing-key.ts'
import type { SubscriptionBook } from './subscription-book.ts'
import type { Supply } from './supply.ts'
import { readTargetUrl } from './target-url.ts'

/** What all endpoints share. */
export interface EndpointOptions {
  readonly book: SubscriptionBook
  readonly deadLetters: DeadLetterBox
  readonly connections: HttpConnections
  readonly permits: Permits
  readonly supply: Supply
  readonly logger: Logger
  readonly signal: AbortSignal
  readonly workers: number
  readonly retry: RetryPolicy
  readonly metrics: SinkMetrics
  /** Puts down for good that this URL wants nothing more. */
  readonly disable: (url: string, reason: string) => Promise<void>
  /** Something happened that must not happen. */
  readonly fail: (error: unknown) => void
}

/** So many notifications are looked at for some that may be under way at the same time. */
const mostInLanes = 500

/** With so many it has enough to do, and no more when it has half of them. */
const enough = mostInLanes

/** Where nothing is sent. */
const nowhere = { origin: '', path: '' }

/**
 * One URL: what waits for it, in order, and what is under way to it. It waits for nobody else, and nobody else for it, but for
 * the memory that all of them share.
 */
export class Endpoint {
  readonly url: string
  readonly #options: EndpointOptions
  readonly #lanes = new Lanes<Notification>(mostInLanes)
  readonly #health: Health
  readonly #share: Share
  readonly #report: EndpointReport
  readonly #address: { readonly origin: string; readonly path: string } | { readonly problem: string }
  readonly #senders: Sender[] = []
  /** The one that was used last is used next: connections that few notifications do not need can end. */
  readonly #free: Sender[] = []
  #wasUsed = true
  #isSupplied = false

  constructor(url: string, options: EndpointOptions) {
    this.url = url
    this.#options = options
    this.#health = new Health(options.retry)
    this.#share = new Share(options.permits)
    const read = readTargetUrl(url)
    this.#address =
      'problem' in read ? read : { origin: read.url.origin, path: read.url.pathname + read.url.search }
    // no more of it: a URL may have a secret in its path
    const name = 'problem' in read ? 'a URL that cannot be used' : read.url.origin
    this.#report = new EndpointReport(name, options.logger)
  }

  /** What waits or is under way. */
  get length(): number {
    return this.#lanes.length
  }

  take(notification: Notification): void {
    this.#lanes.add(notification)
    this.#work()
    if (this.#isSupplied || this.length < enough) return
    this.#isSupplied = true
    this.#options.supply.supplied(this.url)
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
    await Promise.all(this.#senders.map(async (sender) => sender.close()))
  }

  #work(): void {
    this.#wasUsed = true
    while (this.#free.length > 0 || this.#senders.length < this.#options.workers) {
      const work = this.#lanes.next()
      if (!work) return
      const sender = this.#free.pop() ?? this.#sender()
      sender.begin(work)
      this.#begin(sender)
    }
  }

  #sender(): Sender {
    const { origin, path } = 'problem' in this.#address ? nowhere : this.#address
    const sender = new Sender(this.#options.connections.to(origin), this.#share, path)
    this.#senders.push(sender)
    return sender
  }

  /** Without a promise as long as all is well: that is most of the time, and thousands of times a second. */
  #begin(sender: Sender): void {
    const keys = this.#health.isCalm ? this.#keysFor(sender.work.item) : 'not now'
    if (typeof keys === 'string') this.#persist(sender, null)
    else this.#attempt(sender, keys, this.#firstIsOver)
  }

  readonly #firstIsOver = (sender: Sender, outcome: Outcome): void => {
    if (outcome !== 'delivered') return this.#persist(sender, outcome)
    this.#succeeded()
    this.#finish(sender)
  }

  #persist(sender: Sender, outcome: Failure | null): void {
    this.#deliver(sender, outcome).then(
      () => this.#finish(sender),
      (error: unknown) => this.#options.fail(error),
    )
  }

  #finish(sender: Sender): void {
    const work = sender.end()
    this.#free.push(sender)
    this.#lanes.finish(work)
    work.item.done()
    this.#work()
    if (!this.#isSupplied || this.length >= enough / 2) return
    this.#isSupplied = false
    this.#options.supply.hungry(this.url)
  }

  /**
   * Resolves when the notification is delivered, among the dead letters, or nobody wants it any more. `outcome` is that of its
   * first attempt, if that was made.
   */
  async #deliver(sender: Sender, outcome: Outcome | null): Promise<void> {
    const { retry, signal } = this.#options
    const notification = sender.work.item
    let backOff: BackOff | undefined
    if (!outcome && !this.#health.mayTry()) return this.#bury(notification, this.#health.why, 0)
    for (let attempts = 1; ; attempts++) {
      if (attempts > 1 || !outcome) {
        const pause = this.#health.pauseMs()
        if (pause > 0) await pauseUnlessAborted(pause, signal)
        const keys = this.#keysFor(notification)
        if (keys === 'gone') return
        if (typeof keys === 'string') return this.#bury(notification, unsendable[keys], attempts - 1)
        outcome = await new Promise<Outcome>((resolve) => {
          this.#attempt(sender, keys, (_, what) => resolve(what))
        })
      }
      signal.throwIfAborted()
      if (outcome === 'delivered') return this.#succeeded()
      const isLast = attempts > retry.retries || this.#health.isDown || !outcome.mayPass
      this.#tellFirst(outcome, attempts)
      if (outcome.isGone) await this.#gone(outcome.reason)
      if (isLast) {
        if (outcome.mayPass && this.#health.usedUp(outcome.reason, sender.startedAt))
          this.#report.isDown(outcome.reason)
        return this.#bury(notification, outcome.reason, attempts)
      }
      this.#options.metrics.retrying(this.#report.error(outcome.reason))
      this.#health.leaveAlone(outcome.pauseMs)
      backOff ??= new BackOff({ ...retry, jitter: 'full' })
      await pauseUnlessAborted(backOff.next(), signal)
    }
  }

  #keysFor({ targets }: Notification): ReturnType<SubscriptionBook['keysOf']> {
    return this.#options.book.keysOf(targets.get(this.url)!)
  }

  #attempt(
    sender: Sender,
    keys: readonly SigningKey[],
    whenOver: (sender: Sender, outcome: Outcome) => void,
  ): void {
    const address = this.#address
    if (!('problem' in address)) return sender.attempt(keys, whenOver)
    whenOver(sender, { reason: address.problem, mayPass: false, isGone: false, pauseMs: null })
  }

  #succeeded(): void {
    if (this.#health.succeeded()) this.#report.answersAgain()
  }

  async #gone(reason: string): Promise<void> {
    const { book, disable } = this.#options
    await disable(this.url, reason)
    book.disable(this.url, reason)
    this.#report.isGone()
  }

  async #bury(notification: Notification, reason: string, attempts: number): Promise<void> {
    const { id: webhookId, type: action, schema, table, body, targets } = notification
    const { url, subscriptionIds } = targets.get(this.url)!
    const letter = { webhookId, url, subscriptionIds, action, schema, table, body, reason, attempts }
    await this.#options.deadLetters.keep(letter)
    this.#options.metrics.deadLettered()
    this.#report.isKept(letter, this.#health.isDown)
  }

  #tellFirst({ reason, mayPass }: Failure, attempts: number): void {
    if (attempts > 1 || !mayPass || this.#health.isDown) return
    if (this.#health.isFirstFailure()) this.#report.doesNotTake(reason)
  }
}
