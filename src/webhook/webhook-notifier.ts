import { defaults } from '../config/defaults.ts'
import type { Checkpointer } from '../pipeline/contracts.ts'
import { ConfirmingWritable } from '../pipeline/confirming-writable.ts'
import type { WriteCallback } from '../pipeline/confirming-writable.ts'
import type { RetryPolicy } from '../pipeline/retry-policy.ts'
import { silentLogger } from '../telemetry/logger.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { ChangeEvent } from '../wal/event.ts'
import { ChangesInOrder } from './changes-in-order.ts'
import type { Place } from './changes-in-order.ts'
import { DeadLetterBox } from './dead-letters.ts'
import { Endpoints } from './endpoints.ts'
import { MemoryGuard } from './memory-guard.ts'
import { bodyOf, notificationOf } from './notification.ts'
import { SubscriptionBook } from './subscription-book.ts'
import { openSubscriptionServer } from './subscription-server.ts'
import type { SubscriptionServer, SubscriptionServerOptions } from './subscription-server.ts'
import { namingSetting, SubscriptionStore } from './subscription-store.ts'
import { Supply } from './supply.ts'
import { Tally } from './tally.ts'
import { TargetGuard } from './target-guard.ts'

export interface WebhookNotifierOptions {
  /** Of the database that keeps subscriptions and dead letters. */
  readonly storeUrl: string
  /** The HTTP server by which receivers subscribe; none if false. */
  readonly server?: SubscriptionServerOptions | false | undefined
  readonly checkpointer?: Checkpointer | undefined
  readonly logger?: Logger | undefined
  /** Hosts, `*.domain`, addresses and ranges that may be sent to although they are not of the public internet. */
  readonly allowedTargets?: readonly string[] | undefined
  /** After so many attempts a notification goes to the dead letters. Default: 8 within two minutes. */
  readonly retry?: RetryPolicy | undefined
  /** This and those below: as PGSTREAM_WEBHOOK_… when left out. */
  readonly maxQueueBytes?: number | undefined
  readonly workerCount?: number | undefined
  /** In milliseconds, to the status line of the answer. */
  readonly clientTimeout?: number | undefined
  /** In milliseconds; changes are told at once, this is for those that cannot be. */
  readonly cacheRefreshInterval?: number | undefined
}

/**
 * Sends every change by POST to whoever has subscribed to it. Durable means: each of them has answered with 2xx, or the
 * notification is among the dead letters.
 *
 * Per URL, changes of one row keep their order, DDL and TRUNCATE keep it towards everything. URLs wait for each other
 * only when what one of them has not taken fills the queue. Fails with PGSTREAM_CONFIG_INVALID, PGSTREAM_ADDRESS_IN_USE,
 * PGSTREAM_NO_RIGHT and what a database may say at the start; later the store is waited for.
 */
export function webhookNotifier(options: WebhookNotifierOptions): WebhookNotifier {
  return new WebhookNotifier(options)
}

/** What is kept of a change besides its body, and of each notification; about. */
const [placeBytes, notificationBytes] = [300, 160]

export class WebhookNotifier extends ConfirmingWritable {
  readonly takesPrinted: boolean = true
  readonly #abort = new AbortController()
  readonly #logger: Logger
  readonly #store: SubscriptionStore
  readonly #book: SubscriptionBook
  readonly #endpoints: Endpoints
  readonly #memory: MemoryGuard
  readonly #changes = new ChangesInOrder()
  readonly #tally = new Tally(this.metrics)
  readonly #serverOptions: SubscriptionServerOptions | false
  readonly #refreshMs: number
  #server: SubscriptionServer | null = null
  #refreshing: NodeJS.Timeout | undefined
  /** Until the subscriptions are known. */
  #early: { readonly event: ChangeEvent; readonly place: Place }[] | null = []
  #whenSettled: (() => void) | null = null

  /** @throws {PgstreamError} PGSTREAM_CONFIG_INVALID */
  constructor(options: WebhookNotifierOptions) {
    super({}, options.checkpointer)
    const standard = defaults.webhookNotifier
    this.#logger = options.logger ?? silentLogger
    this.#serverOptions = options.server ?? {}
    this.#refreshMs = options.cacheRefreshInterval ?? standard.cacheRefreshInterval
    this.#store = new SubscriptionStore({
      url: options.storeUrl,
      logger: this.#logger,
      onChanged: () => this.#book.refresh(),
    })
    this.#book = new SubscriptionBook({
      load: async () => this.#store.all(),
      logger: this.#logger,
    })
    const supply = new Supply(
      () => this.#book.urls(),
      () => this.#memory.hungry(),
    )
    this.#memory = new MemoryGuard(
      this,
      options.maxQueueBytes ?? standard.maxQueueBytes,
      () => supply.isEnough,
    )
    this.#endpoints = new Endpoints({
      supply,
      book: this.#book,
      deadLetters: new DeadLetterBox(this.#store.session, this.#abort.signal, (error) =>
        this.metrics.retrying(namingSetting(error)),
      ),
      guard: new TargetGuard(options.allowedTargets),
      logger: this.#logger,
      signal: this.#abort.signal,
      workers: options.workerCount ?? standard.workerCount,
      timeoutMs: options.clientTimeout ?? standard.clientTimeout,
      retry: options.retry ?? standardRetry,
      disable: async (url, reason) => this.#store.disable(url, reason, this.#abort.signal),
      metrics: this.metrics,
      fail: (error) => this.#fail(error),
    })
  }

  override _construct(callback: WriteCallback): void {
    this.#open().then(() => callback(), callback)
  }

  async #open(): Promise<void> {
    await this.#store.open()
    await this.#book.load()
    await this.#endpoints.open()
    if (this.#serverOptions) {
      this.#server = await openSubscriptionServer(this.#serverOptions, {
        store: this.#store,
        book: this.#book,
        guard: this.#endpoints.guard,
        logger: this.#logger,
      })
    }
    this.#refreshing = setInterval(() => this.#book.refresh(), this.#refreshMs)
    this.#logger.info(
      { subscriptions: this.#book.size, server: this.#server?.url },
      'webhooks: the subscriptions are read',
    )
    const early = this.#early ?? []
    this.#early = null
    for (const { event, place } of early) if (!this.#send(event, place)) this.#done(place, 0)
    this.metrics.opened = true
    this.#memory.open()
  }

  /** Where receivers subscribe, once the stream is open; null without a server. */
  get serverUrl(): string | null {
    return this.#server?.url ?? null
  }

  protected override enqueue(event: ChangeEvent): number {
    if (this.#early) {
      this.#early.push({ event, place: this.#changes.add() })
      this.#memory.add(placeBytes)
      return 1
    }
    return this.#send(event, null) ? 1 : 0
  }

  /** False when nobody wants it. */
  #send(event: ChangeEvent, early: Place | null): boolean {
    if (event.kind === 'schema-change') this.#endpoints.fence()
    const targets = this.#book.targetsOf(event)
    if (targets.size === 0) return false
    const body = bodyOf(event)
    const bytes = body.length + targets.size * notificationBytes
    this.#memory.add(early ? bytes : bytes + placeBytes)
    const place = early ?? this.#changes.add()
    let left = targets.size
    const startedAt = performance.now()
    const notification = notificationOf(event, body, targets, () => {
      if (--left > 0) return
      this.#tally.add(body.length, startedAt)
      this.#done(place, bytes)
    })
    for (const url of targets.keys()) this.#endpoints.take(url, notification)
    return true
  }

  #done(place: Place, bytes: number): void {
    if (this.destroyed) return
    const settled = this.#changes.done(place)
    this.#memory.release(bytes + settled * placeBytes)
    if (settled > 0) this.settle(settled)
    if (this.#changes.length === 0) this.#whenSettled?.()
  }

  override _final(callback: WriteCallback): void {
    const confirm = (): void => void this.confirmed().then(() => callback(), callback)
    if (this.#changes.length === 0) confirm()
    else this.#whenSettled = confirm
  }

  override _destroy(error: Error | null, callback: WriteCallback): void {
    clearInterval(this.#refreshing)
    this.#abort.abort(error ?? new Error('the webhook notifier was destroyed'))
    this.#release().then(
      () => super._destroy(error, callback),
      (releaseError: Error) => super._destroy(error ?? releaseError, callback),
    )
  }

  async #release(): Promise<void> {
    await this.#server?.close()
    await this.#endpoints.close()
    await this.#store.close()
  }

  #fail(error: unknown): void {
    if (!this.#abort.signal.aborted) this.destroy(error as Error)
  }
}

const { expInitialInterval, expMaxInterval, expMaxRetries } = defaults.webhookNotifier
const standardRetry: RetryPolicy = {
  firstMs: expInitialInterval,
  mostMs: expMaxInterval,
  retries: expMaxRetries,
}
