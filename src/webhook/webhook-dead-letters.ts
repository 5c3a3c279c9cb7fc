import type { Logger } from '../telemetry/logger.ts'
import type { HttpConnection } from './http-answer.ts'
import type { HttpConnections } from './http-connections.ts'
import { outcomeOf, outcomeOfError } from './outcome.ts'
import type { Outcome } from './outcome.ts'
import { Permits } from './permits.ts'
import { notificationHeaders, unsendable } from './notification.ts'
import { SubscriptionBook } from './subscription-book.ts'
import { SubscriptionStore } from './subscription-store.ts'
import { TargetGuard } from './target-guard.ts'
import { readTargetUrl } from './target-url.ts'

export interface WebhookDeadLettersOptions {
  readonly storeUrl: string
  readonly allowedTargets?: readonly string[] | undefined
  /** In milliseconds. */
  readonly clientTimeout: number
  readonly logger: Logger
}

/** A letter without its body. */
export interface KeptNotification {
  readonly id: string
  readonly webhookId: string
  readonly url: string
  readonly action: string
  readonly schema: string
  readonly table: string
  readonly reason: string
  readonly attempts: number
  readonly createdAt: Date
}

export interface Resent {
  readonly sent: number
  /** They stay, and so does what was behind them for the same URL. */
  readonly failed: number
}

/** URLs that are sent to at once. */
const mostUrls = 10

const sliceBytes = 64 * 1024 * 1024

/** The dead letters of webhooks: shown, sent again, dropped. */
export class WebhookDeadLetters {
  readonly #store: SubscriptionStore
  readonly #guard: TargetGuard
  readonly #options: WebhookDeadLettersOptions

  /** @throws {PgstreamError} PGSTREAM_CONFIG_INVALID */
  constructor(options: WebhookDeadLettersOptions) {
    this.#options = options
    this.#store = new SubscriptionStore({ url: options.storeUrl, logger: options.logger })
    this.#guard = new TargetGuard(options.allowedTargets)
  }

  async count(): Promise<number> {
    await this.#store.open()
    const [row] = await this.#store.session.query<{ count: number }>(
      'select count(*)::int as count from pgstream.webhook_dead_letters',
    )
    return row!.count
  }

  /** The oldest ones. */
  async list(most: number): Promise<KeptNotification[]> {
    await this.#store.open()
    return this.#store.session.query<KeptNotification & Record<string, unknown>>(
      `select id::text, webhook_id as "webhookId", url, action, schema_name as schema, table_name as "table", reason, attempts,
              created_at as "createdAt"
         from pgstream.webhook_dead_letters as d order by d.id limit $1`,
      [most],
    )
  }

  /** Forgets some, or all if null. Gives how many there were. */
  async drop(ids: readonly string[] | null): Promise<number> {
    await this.#store.open()
    const rows = await this.#store.session.query(
      `delete from pgstream.webhook_dead_letters where $1::bigint[] is null or id = any ($1) returning id`,
      [ids],
    )
    return rows.length
  }

  /**
   * Sends some, or all if null: to each URL one after the other in their order, so that those of one row keep theirs, up to
   * the first that fails. What is delivered is forgotten.
   */
  async retry(ids: readonly string[] | null): Promise<Resent> {
    await this.#store.open()
    const book = new SubscriptionBook({ load: async () => this.#store.all(), logger: this.#options.logger })
    await book.load()
    const letters = await this.#store.session.query<{ id: string; url: string }>(
      `select id::text, url from pgstream.webhook_dead_letters as d where $1::bigint[] is null or id = any ($1) order by d.id`,
      [ids],
    )
    const byUrl = new Map<string, string[]>()
    for (const { id, url } of letters) {
      const ofUrl = byUrl.get(url)
      if (ofUrl) ofUrl.push(id)
      else byUrl.set(url, [id])
    }
    const permits = new Permits(mostUrls)
    const { HttpConnections } = await import('./http-connections.ts')
    const connections = new HttpConnections({ guard: this.#guard, timeoutMs: this.#options.clientTimeout })
    const sent = await Promise.all(
      [...byUrl].map(async ([url, ofUrl]) => {
        await new Promise((begin) => permits.take('quick', begin))
        return this.#sendAll(url, ofUrl, book, connections).finally(() => permits.giveBack('quick'))
      }),
    )
    const total = sent.reduce((sum, each) => sum + each, 0)
    return { sent: total, failed: letters.length - total }
  }

  async close(): Promise<void> {
    await this.#store.close()
  }

  async #sendAll(
    url: string,
    ids: readonly string[],
    book: SubscriptionBook,
    connections: HttpConnections,
  ): Promise<number> {
    const read = readTargetUrl(url)
    if ('problem' in read) return 0
    const connection = connections.to(read.url.origin)
    try {
      for (const [sent, id] of ids.entries()) {
        const outcome = await this.#send(
          id,
          { url, path: read.url.pathname + read.url.search },
          connection,
          book,
        )
        if (outcome === 'delivered') await this.drop([id])
        else {
          await this.#note(id, outcome.reason)
          return sent
        }
      }
      return ids.length
    } finally {
      await connection.close()
    }
  }

  /** `url` as the subscription has it: who made that by SQL may have written it in another way than `new URL` does. */
  async #send(
    id: string,
    { url, path }: { readonly url: string; readonly path: string },
    connection: HttpConnection,
    book: SubscriptionBook,
  ): Promise<Outcome> {
    const letter = await this.#read(id)
    if (!letter) return 'delivered' // by somebody else meanwhile
    const keys = book.keysOf({ subscriptionIds: book.idsOf(url) })
    if (typeof keys === 'string')
      return { reason: unsendable[keys], mayPass: false, isGone: false, pauseMs: null }
    const headers = notificationHeaders(letter.webhookId, letter.body, keys)
    return new Promise((resolve) => {
      connection.post(path, headers, letter.body, (answer, error) =>
        resolve(answer ? outcomeOf(answer) : outcomeOfError(error)),
      )
    })
  }

  /** In slices: one comes as text that is twice as long, and a text cannot be as long as a body. */
  async #read(id: string): Promise<{ readonly webhookId: string; readonly body: Buffer } | null> {
    const slices: Buffer[] = []
    for (;;) {
      const [row] = await this.#store.session.query<{ webhookId: string; slice: Buffer }>(
        `select webhook_id as "webhookId", substring(body from $2 for ${sliceBytes}) as slice
           from pgstream.webhook_dead_letters where id = $1`,
        [id, slices.length * sliceBytes + 1],
      )
      if (!row) return null
      slices.push(row.slice)
      if (row.slice.length < sliceBytes) return { webhookId: row.webhookId, body: Buffer.concat(slices) }
    }
  }

  async #note(id: string, reason: string): Promise<void> {
    await this.#store.session.query(
      'update pgstream.webhook_dead_letters set reason = $2, attempts = attempts + 1 where id = $1',
      [id, reason],
    )
  }
}
