import { PgstreamError } from '../errors.ts'
import { doubtful, failing, fine } from '../pipeline/check.ts'
import type { Check, CheckResult } from '../pipeline/check.ts'
import { urlOf, whyNotListen } from '../telemetry/listen.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { ListenAddress } from './listen-address.ts'
import { addressSetting, subscriptionAddress } from './subscription-server.ts'
import type { SubscriptionServerOptions } from './subscription-server.ts'
import { namingSetting, SubscriptionStore } from './subscription-store.ts'
import { TargetGuard } from './target-guard.ts'

export interface WebhookCheckOptions {
  readonly storeUrl: string
  readonly allowedTargets: readonly string[] | undefined
  readonly server: SubscriptionServerOptions
  readonly logger: Logger
}

interface Facts {
  readonly user: string
  readonly database: string
  readonly isThere: boolean
  readonly mayMake: boolean
  readonly rights: readonly string[]
}

const about = (thing: string): string => `Webhooks: ${thing}`

/**
 * Looks at the database with the subscriptions, at who is subscribed, the dead letters and the address of the API.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID for settings that cannot work.
 */
export function webhookCheck(options: WebhookCheckOptions): Check {
  const address = subscriptionAddress(options.server)
  const guard = new TargetGuard(options.allowedTargets)
  return async () => {
    const store = new SubscriptionStore({ url: options.storeUrl, logger: options.logger })
    try {
      return [...(await lookAtStore(store, guard)), await lookAtAddress(address)]
    } catch (error) {
      return [failing(about('store'), namingSetting(error)), await lookAtAddress(address)]
    } finally {
      await store.close()
    }
  }
}

async function lookAtStore(store: SubscriptionStore, guard: TargetGuard): Promise<CheckResult[]> {
  const [facts] = await store.session.query<Facts & Record<string, unknown>>(
    `select current_user as user, current_database() as database,
            count(c.oid) = 2 as "isThere",
            bool_and(case when n.oid is null then has_database_privilege(current_database(), 'create')
                          else has_schema_privilege(n.oid, 'create') end) as "mayMake",
            array_remove(array_agg(case
              when not has_schema_privilege(n.oid, 'usage') then 'usage on schema pgstream'
              when not has_table_privilege(c.oid, 'select, insert, update, delete') then
                'select, insert, update, delete on pgstream.' || c.relname end), null) as rights
       from (values (to_regnamespace('pgstream'))) as n(oid)
       left join pg_class c on c.relnamespace = n.oid
                           and c.relname in ('webhook_subscriptions', 'webhook_dead_letters')`,
  )
  const problem = problemOf(facts!)
  if (problem) return [failing(about('store'), problem)]
  const where = `Database ${JSON.stringify(facts!.database)}`
  if (!facts!.isThere) return [fine(about('store'), `${where}: the tables are made by the first run.`)]
  return [
    fine(about('store'), `${where}: the tables are there, and the user may use them.`),
    ...(await lookAtSubscriptions(store, guard)),
    await lookAtDeadLetters(store),
  ]
}

function problemOf({ user, database, isThere, mayMake, rights }: Facts): PgstreamError | null {
  if (isThere ? rights.length === 0 : mayMake) return null
  const who = `The user ${JSON.stringify(user)} may not`
  const where = `in database ${JSON.stringify(database)}`
  const grants = [...new Set(rights)].map((right) => `grant ${right} to ${JSON.stringify(user)};`)
  return isThere
    ? new PgstreamError('PGSTREAM_NO_RIGHT', `${who} use the tables of webhooks ${where}.`, {
        remedy: grants.join(' '),
      })
    : new PgstreamError('PGSTREAM_NO_RIGHT', `${who} make the tables of webhooks ${where}.`, {
        remedy: `Run pgstream init there as a user who may, or: grant create on database ${JSON.stringify(database)} to ${JSON.stringify(user)};`,
      })
}

async function lookAtSubscriptions(store: SubscriptionStore, guard: TargetGuard): Promise<CheckResult[]> {
  const subscriptions = await store.all()
  const enabled = subscriptions.filter(({ disabledAt }) => disabledAt === null)
  const disabled = subscriptions.length - enabled.length
  const origins = [...new Set(enabled.map(({ url }) => new URL(url).origin))]
  const refusals = await Promise.all(origins.map((origin) => guard.refusalOf(new URL(origin).hostname)))
  const refused = origins.filter((_, place) => refusals[place])
  return [
    fine(about('subscriptions'), `${enabled.length} of ${origins.length} receivers.`),
    ...(disabled === 0
      ? []
      : [
          doubtful(
            about('subscriptions'),
            `${disabled} more are disabled: their receivers answered 410.`,
            'Subscribe them again (POST /webhooks/subscribe), or unsubscribe them.',
          ),
        ]),
    ...(refused.length === 0
      ? []
      : [
          doubtful(
            about('subscriptions'),
            `Nothing may be sent to ${refused.join(', ')}: not of the public internet.`,
            'Name them in PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS, or unsubscribe them.',
          ),
        ]),
  ]
}

async function lookAtDeadLetters(store: SubscriptionStore): Promise<CheckResult> {
  const [row] = await store.session.query<{ count: number }>(
    'select count(*)::int as count from pgstream.webhook_dead_letters',
  )
  const { count } = row!
  if (count === 0) return fine(about('dead letters'), 'There are none.')
  return doubtful(
    about('dead letters'),
    `${count} notifications are kept that a receiver did not take.`,
    'See why with pgstream dead-letters list, mend it, then pgstream dead-letters retry.',
  )
}

async function lookAtAddress(address: ListenAddress): Promise<CheckResult> {
  const problem = await whyNotListen(address, addressSetting)
  const url = urlOf(address)
  if (!problem) return fine(about('address'), `${url} is free for the API.`)
  if (await isOurs(url)) return fine(about('address'), `A pgstream serves the API at ${url} now.`)
  return failing(about('address'), problem)
}

/** By how it answers those who do not know its token, and others. */
async function isOurs(url: string): Promise<boolean> {
  try {
    const path = '/webhooks/subscriptions?limit=1'
    const response = await fetch(url + path, { signal: AbortSignal.timeout(3_000) })
    const answer = (await response.json()) as { subscriptions?: unknown; error?: { code?: unknown } }
    return answer.subscriptions !== undefined || answer.error?.code === 'unauthorized'
  } catch {
    return false
  }
}
