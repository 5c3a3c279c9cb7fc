import type { Logger } from '../telemetry/logger.ts'
import type { Subscription } from './subscription.ts'
import type { SubscriptionBook } from './subscription-book.ts'
import { BadRequest, readSubscriptionRequest } from './subscription-request.ts'
import type { SubscriptionRequest } from './subscription-request.ts'
import type { SubscriptionStore } from './subscription-store.ts'
import type { TargetGuard } from './target-guard.ts'

export interface RouteContext {
  readonly store: SubscriptionStore
  readonly book: SubscriptionBook
  readonly guard: TargetGuard
  readonly logger: Logger
}

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

interface Asked {
  readonly searchParams: URLSearchParams
  /** Undefined for GET. */
  readonly body: unknown
}

export interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly handle: (asked: Asked, context: RouteContext) => Answer | Promise<Answer>
}

const failure = (status: number, code: string, message: string): Answer => ({
  status,
  body: { error: { code, message } },
})

/** The paths of the original, and a list. */
export const subscriptionRoutes: readonly Route[] = [
  { method: 'POST', path: '/webhooks/subscribe', handle: withRequest(subscribe) },
  { method: 'POST', path: '/webhooks/unsubscribe', handle: withRequest(unsubscribe) },
  { method: 'GET', path: '/webhooks/subscriptions', handle: list },
]

type Handle<Input> = (input: Input, context: RouteContext) => Promise<Answer>

function withRequest(handle: Handle<SubscriptionRequest>): Route['handle'] {
  return async ({ body }, context) => {
    try {
      return await handle(readSubscriptionRequest(body), context)
    } catch (error) {
      if (error instanceof BadRequest) return failure(400, 'bad_request', error.message)
      throw error
    }
  }
}

/** It is in force when this answers: every change that commits from then on is sent. */
async function subscribe(
  { wish, secret }: SubscriptionRequest,
  { store, book, guard, logger }: RouteContext,
): Promise<Answer> {
  const { hostname, origin } = new URL(wish.url)
  const refusal = await guard.refusalOf(hostname)
  if (refusal) {
    logger.info({ endpoint: origin, reason: refusal.message }, 'a subscription was refused')
    return failure(400, 'target_refused', `url: ${refusal.told}.`)
  }
  const { subscription, isNew, madeSecret } = await store.subscribe(wish, secret)
  book.put(subscription)
  logger.info({ subscription: subscription.id, endpoint: origin }, isNew ? 'subscribed' : 'subscribed again')
  return {
    status: 201,
    body: { ...shown(subscription), created: isNew, ...(madeSecret === null ? {} : { secret: madeSecret }) },
  }
}

async function unsubscribe(
  { wish, writtenUrl }: SubscriptionRequest,
  { store, book, logger }: RouteContext,
): Promise<Answer> {
  const ids = await store.unsubscribe(wish, writtenUrl)
  const [id] = ids
  if (id === undefined)
    return failure(404, 'no_subscription', 'There is no such subscription of this url, schema and table.')
  for (const each of ids) book.remove(each)
  logger.info({ subscription: id, endpoint: new URL(wish.url).origin }, 'unsubscribed')
  return { status: 200, body: { id } }
}

const [usualPage, longestPage] = [1_000, 10_000]

/** In pages: `after` is the id of the last one of the page before. */
function list({ searchParams }: Asked, { book }: RouteContext): Answer {
  const number = (name: string, standard: number): number => {
    const text = searchParams.get(name)
    return text === null ? standard : /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  }
  const [limit, after] = [number('limit', usualPage), number('after', 0)]
  if (!(limit >= 1 && limit <= longestPage) || Number.isNaN(after)) {
    return failure(
      400,
      'bad_request',
      `limit is a number from 1 to ${longestPage}, after the id of a subscription.`,
    )
  }
  const rest = book.all().filter(({ id }) => Number(id) > after)
  const page = rest.slice(0, limit)
  const next = rest.length > page.length ? page.at(-1)!.id : null
  return { status: 200, body: { subscriptions: page.map(shown), next } }
}

/** Never its secret. */
const shown = (subscription: Subscription): Record<string, unknown> => ({
  id: subscription.id,
  url: subscription.url,
  schema: subscription.schema,
  table: subscription.table,
  event_types: subscription.eventTypes ?? [],
  created_at: subscription.createdAt.toISOString(),
  disabled_at: subscription.disabledAt?.toISOString() ?? null,
  disabled_reason: subscription.disabledReason,
})
