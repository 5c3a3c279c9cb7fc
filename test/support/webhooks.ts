import type { Checkpointer } from '../../src/pipeline/contracts.ts'
import { webhookNotifier } from '../../src/webhook/webhook-notifier.ts'
import type { WebhookNotifier, WebhookNotifierOptions } from '../../src/webhook/webhook-notifier.ts'
import type { TemporaryDatabase } from './postgres.ts'

/** For tests that do not want to wait: a few attempts within a second. */
const quickRetry = { firstMs: 50, mostMs: 200, retries: 3 } as const

/** A notifier for `openStream`, whose subscriptions are in the same database; it may send to this machine. */
export const notifierOf =
  (database: Pick<TemporaryDatabase, 'url'>, options: Partial<WebhookNotifierOptions> = {}) =>
  (checkpointer: Checkpointer): WebhookNotifier =>
    webhookNotifier({
      storeUrl: database.url,
      server: false,
      allowedTargets: ['127.0.0.1'],
      retry: quickRetry,
      ...options,
      checkpointer,
    })

/** Of the base64 of 33 bytes. */
export const exampleSecret = 'whsec_cGdzdHJlYW0gd2ViaG9va3MgaW4gYSB0ZXN0IG9mIG91cnM='

/** A subscription by SQL, as a DBA would make it. */
export async function subscribe(
  database: TemporaryDatabase,
  url: string,
  { table = '', schema = '', types = null as string[] | null, secret = exampleSecret } = {},
): Promise<void> {
  await database.query(
    `insert into pgstream.webhook_subscriptions (url, schema_name, table_name, event_types, secret)
     values ($1, $2, $3, $4, $5)`,
    [url, schema, table, types, secret],
  )
}

export interface KeptLetter {
  readonly webhook_id: string
  readonly url: string
  readonly reason: string
  readonly attempts: number
  readonly table_name: string
}

export const deadLetters = async (database: TemporaryDatabase): Promise<KeptLetter[]> =>
  database.query<KeptLetter & Record<string, unknown>>(
    'select * from pgstream.webhook_dead_letters order by id',
  )
