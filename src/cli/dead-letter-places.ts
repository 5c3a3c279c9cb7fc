import { modules } from '../config/fields.ts'
import type { Config } from '../config/fields.ts'
import type { Logger } from '../telemetry/logger.ts'
import { KeptLetters } from '../search/kept-letters.ts'
import type { DeadLetter } from '../search/kept-letters.ts'
import { WebhookDeadLetters } from '../webhook/webhook-dead-letters.ts'
import type { KeptNotification } from '../webhook/webhook-dead-letters.ts'
import { searchConnectionSettings } from './search-settings.ts'

/** What is shown of a dead letter. No row values. */
export interface Letter {
  /** Within its place. */
  readonly id: string
  readonly at: Date
  /** A line: which change, for whom. */
  readonly about: string
  readonly reason: string
  readonly attempts: number
}

/** What a destination would not take, kept. `null` stands for all of it. */
export interface DeadLetters {
  isId(text: string): boolean
  count(): Promise<number>
  /** The oldest ones. */
  list(most: number): Promise<readonly Letter[]>
  /** Delivers them anew, each into the order of its row as far as that can be; what is delivered is forgotten. */
  retry(ids: readonly string[] | null): Promise<{ readonly sent: number; readonly failed: number }>
  /** Forgets them; gives how many. */
  drop(ids: readonly string[] | null): Promise<number>
  close(): Promise<void>
}

export interface DeadLetterPlace {
  /** The first part of the ids that the command shows. */
  readonly name: string
  readonly enabledBy: string
  /** Null when the settings do not name it. */
  readonly from: (config: Config, logger: Logger) => DeadLetters | null
}

/** Every place there is. */
export const deadLetterPlaces: readonly DeadLetterPlace[] = [
  { name: 'webhooks', enabledBy: modules.webhookNotifier.enabledBy, from: ofWebhooks },
  { name: 'search', enabledBy: modules.searchIndexer.enabledBy, from: ofSearch },
]

function ofWebhooks({ webhookNotifier: settings }: Config, logger: Logger): DeadLetters | null {
  const { storeUrl } = settings
  if (storeUrl === undefined) return null
  const letters = new WebhookDeadLetters({ ...settings, storeUrl, logger })
  return {
    isId: (text) => /^\d{1,18}$/.test(text),
    count: async () => letters.count(),
    list: async (most) => (await letters.list(most)).map(notificationLetter),
    retry: async (ids) => letters.retry(ids),
    drop: async (ids) => letters.drop(ids),
    close: async () => letters.close(),
  }
}

const notificationLetter = (kept: KeptNotification): Letter => ({
  id: kept.id,
  at: kept.createdAt,
  about: `${kept.action} ${kept.schema}.${kept.table} ${kept.webhookId} for ${kept.url}`,
  reason: kept.reason,
  attempts: kept.attempts,
})

function ofSearch(config: Config): DeadLetters | null {
  const connection = searchConnectionSettings(config)
  if (connection === null) return null
  const { indexPrefix = '', indexGeneration } = config.searchIndexer
  const letters = new KeptLetters(connection, indexPrefix, indexGeneration)
  return {
    isId: (text) => /^[0-9a-f]{64}$/.test(text),
    count: () => letters.count(),
    list: async (most) => (await letters.list(most)).map(documentLetter),
    retry: (ids) => letters.retry(ids),
    drop: (ids) => letters.drop(ids),
    close: () => letters.close(),
  }
}

const documentLetter = ({ id, keptAt, action, schema, table, documentId, reason }: DeadLetter): Letter => ({
  id,
  at: keptAt,
  about: `${action} ${schema}.${table} ${documentId}`,
  reason,
  attempts: 1,
})
