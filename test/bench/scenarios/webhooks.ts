import { subscribe } from '../../support/webhooks.ts'
import { WebhookApi } from '../../support/webhook-api.ts'
import { makeSecret } from '../../../src/webhook/signature.ts'
import { undiciPosts } from '../limits/undici-posts.ts'
import type { Measured } from '../measured.ts'
import { command, runOurs } from '../our-process.ts'
import { startPostReceiver } from '../post-receiver.ts'
import type { Scenario } from '../scenario.ts'
import { source } from '../source-settings.ts'
import type { Written } from '../written.ts'

/** Every change to so many URLs; a row is a notification. */
async function intoWebhooks(written: Written, subscribers: number): Promise<Measured> {
  const { until, rows, database } = written
  await using receiver = await startPostReceiver()
  await makeTables(database)
  await database.query('truncate pgstream.webhook_subscriptions')
  for (let i = 0; i < subscribers; i++)
    await subscribe(database, `${receiver.url}/hooks/${i}`, { secret: makeSecret() })
  await using slot = await written.slot()
  const env = {
    ...source(written, slot.name),
    PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: written.url,
    PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: 'localhost:0',
    PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS: '127.0.0.1',
  }
  return await runOurs({ program: command, args: ['run'], env, until, rows: rows * subscribers })
}

/** The notifier makes its tables when it starts. */
async function makeTables(database: Written['database']): Promise<void> {
  const api = await WebhookApi.start(database)
  await api[Symbol.asyncDispose]()
}

const scenario = (subscribers: number): Scenario => ({
  name: `webhooks, ${subscribers} ${subscribers === 1 ? 'subscriber' : 'subscribers'}`,
  workload: 'third',
  plugin: 'pgoutput',
  limit: undiciPosts(subscribers),
  run: async (written) => intoWebhooks(written, subscribers),
  atLeast: 0.6,
})

const { limit, run } = scenario(1)
const others = { limit, run, plugin: 'pgoutput' } as const

export const webhooks: readonly Scenario[] = [
  scenario(1),
  scenario(10),
  { ...others, name: 'webhooks, wal2json', workload: 'third', plugin: 'wal2json' },
  { ...others, name: 'single-row transactions, webhooks, pgoutput', workload: 'single' },
  { ...others, name: 'wide rows, webhooks, pgoutput', workload: 'wide' },
  { ...others, name: 'large rows, webhooks, pgoutput', workload: 'large' },
]
