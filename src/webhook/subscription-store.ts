import { PgstreamError } from '../errors.ts'
import { asPgstreamError } from '../telemetry/as-pgstream-error.ts'
import { SteadySession } from '../postgres/steady-session.ts'
import type { SteadySessionOptions } from '../postgres/steady-session.ts'
import { makeSecret, signingKey } from './signature.ts'
import type { EventType, Subscription, SubscriptionWish } from './subscription.ts'

/** What the tables of webhooks need: schema pgstream and their own two files of `migrations/`. */
const webhookMigrations: readonly number[] = [1, 16, 17]

/** How long a secret that was replaced signs beside the new one. */
const rotationHours = 24

interface SubscriptionRow {
  id: string
  url: string
  schema_name: string
  table_name: string
  event_types: EventType[] | null
  secret: string
  previous_secret: string | null
  previous_secret_until: Date | null
  created_at: Date
  disabled_at: Date | null
  disabled_reason: string | null
}

export interface Subscribed {
  readonly subscription: Subscription
  readonly isNew: boolean
  /** To be told once: made here because none was given. */
  readonly madeSecret: string | null
}

/** The table of subscriptions. Throws PGSTREAM_SOURCE_UNREACHABLE and whatever else a database may say. */
export class SubscriptionStore {
  readonly session: SteadySession

  /** `onChanged` hears that somebody else changed something, or may have. */
  constructor(options: Pick<SteadySessionOptions, 'url' | 'logger'> & { onChanged?: () => void }) {
    const { onChanged, ...session } = options
    this.session = new SteadySession({
      ...session,
      applicationName: 'pgstream webhooks',
      channel: onChanged && 'pgstream_webhook_subscriptions',
      onNotified: onChanged,
    })
  }

  /** Makes the tables where they are missing. What is wrong with the database is said by the name of its setting. */
  async open(): Promise<void> {
    try {
      await this.session.migrate(webhookMigrations)
      await this.session.query(
        'select from pgstream.webhook_subscriptions, pgstream.webhook_dead_letters limit 0',
      )
    } catch (error) {
      throw namingSetting(error)
    }
  }

  async all(): Promise<Subscription[]> {
    const rows = await this.session.query<SubscriptionRow>(
      'select * from pgstream.webhook_subscriptions order by id',
    )
    return rows.map(toSubscription)
  }

  /** One that is there gets the event types, and is enabled again; it keeps its secret unless another one is given. */
  async subscribe(wish: SubscriptionWish, secret: string | null): Promise<Subscribed> {
    const made = makeSecret()
    const rows = await this.session.query<SubscriptionRow & { is_new: boolean }>(
      `insert into pgstream.webhook_subscriptions as s (url, schema_name, table_name, event_types, secret)
       values ($1, $2, $3, $4, coalesce($5, $6))
       on conflict (url, schema_name, table_name) do update set
         event_types = excluded.event_types, disabled_at = null, disabled_reason = null,
         secret = coalesce($5, s.secret),
         previous_secret = case when $5 <> s.secret then s.secret else s.previous_secret end,
         previous_secret_until = case when $5 <> s.secret then now() + make_interval(hours => ${rotationHours})
                                      else s.previous_secret_until end
       returning *, xmax = 0 as is_new`,
      [wish.url, wish.schema, wish.table, wish.eventTypes, secret, made],
    )
    const row = rows[0]!
    return {
      subscription: toSubscription(row),
      isNew: row.is_new,
      madeSecret: row.secret === made ? made : null,
    }
  }

  /** Gives the ids of those that were there, of `wish.url` and of the URL as it is written. */
  async unsubscribe(
    { url, schema, table }: Omit<SubscriptionWish, 'eventTypes'>,
    written: string,
  ): Promise<string[]> {
    const rows = await this.session.query<{ id: string }>(
      `delete from pgstream.webhook_subscriptions
        where url in ($1, $2) and schema_name = $3 and table_name = $4 returning id`,
      [url, written, schema, table],
    )
    return rows.map(({ id }) => id)
  }

  /** Nothing is sent to this URL any more until somebody subscribes it again. Waits for the database as long as it takes. */
  async disable(url: string, reason: string, signal: AbortSignal): Promise<void> {
    await this.session.patientQuery(
      `update pgstream.webhook_subscriptions set disabled_at = now(), disabled_reason = $2
        where url = $1 and disabled_at is null`,
      [url, reason],
      signal,
    )
  }

  async close(): Promise<void> {
    await this.session.close()
  }
}

/** What is wrong with the store: it may be another database than the one that is read. */
export function namingSetting(error: unknown): PgstreamError {
  const { code, message, remedy, cause } = asPgstreamError(error)
  return new PgstreamError(code, message, {
    remedy: `${remedy} The URL is that of PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL.`,
    cause,
  })
}

const toSubscription = (row: SubscriptionRow): Subscription => ({
  id: row.id,
  url: row.url,
  schema: row.schema_name,
  table: row.table_name,
  eventTypes: row.event_types?.length ? row.event_types : null,
  key: signingKey(row.secret),
  previousKey: signingKey(row.previous_secret ?? ''),
  previousKeyUntil: row.previous_secret_until?.getTime() ?? 0,
  createdAt: row.created_at,
  disabledAt: row.disabled_at,
  disabledReason: row.disabled_reason,
})
