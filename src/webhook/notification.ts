import { version } from '../telemetry/version.ts'
import type { ChangeEvent } from '../wal/event.ts'
import { formatLsn } from '../wal/lsn.ts'
import { encodeWireJsonBytes } from '../wal/wire-json.ts'
import { lanesOf } from './lanes-of.ts'
import type { LanesOf } from './lanes-of.ts'
import { sign } from './signature.ts'
import type { SigningKey } from './signature.ts'
import type { EventType } from './subscription.ts'
import { kindOf } from './subscription-book.ts'
import type { Target } from './subscription-book.ts'

/** A change on its way to everybody who wants it. */
export interface Change {
  /** `webhook-id`: commit LSN and ordinal, the same for ever. */
  readonly id: string
  readonly type: EventType
  readonly schema: string
  readonly table: string
  readonly body: Buffer
  readonly lanes: LanesOf
}

/** A change on its way to one URL. */
export interface Notification {
  readonly change: Change
  readonly target: Target
  /** It is delivered, kept among the dead letters, or nobody wants it any more. Called once. */
  readonly done: () => void
}

/** What is sent for an event: the original's `{"Data": …}` around its wire JSON. */
export const changeOf = (event: ChangeEvent): Change => ({
  id: `${formatLsn(event.commitLsn)}-${event.ordinal}`,
  ...kindOf(event),
  body: encodeWireJsonBytes(event, '{"Data":', '}'),
  lanes: lanesOf(event),
})

/** Standard Webhooks: the id stays the same over all attempts, time and signature do not. */
export function notificationHeaders(
  id: string,
  body: Buffer,
  keys: readonly SigningKey[],
): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1000)
  return {
    'content-type': 'application/json',
    'user-agent': `pgstream/${version}`,
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': sign(keys, id, timestamp, body),
  }
}

/** Why nothing can be sent, where `SubscriptionBook.keysOf` gives no keys. */
export const unsendable = {
  gone: 'nobody of this URL is subscribed any more',
  disabled: 'the subscription is disabled',
  unsigned: 'the secret of the subscription cannot be used',
} as const
