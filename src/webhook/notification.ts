import { version } from '../telemetry/version.ts'
import type { ChangeEvent } from '../wal/event.ts'
import { formatLsn } from '../wal/lsn.ts'
import { encodeWireJsonBytes } from '../wal/wire-json.ts'
import { lanesOf } from './lanes-of.ts'
import type { LanesOf } from './lanes-of.ts'
import { sign } from './signature.ts'
import type { SigningKey } from './signing-key.ts'
import type { EventType } from './subscription.ts'
import { kindOf } from './subscription-book.ts'
import type { Targets } from './subscription-book.ts'

/** A change on its way to everybody who wants it. */
export interface Notification {
  /** `webhook-id`: commit LSN and ordinal, and `-D` for a delete; the same for ever. */
  readonly id: string
  readonly type: EventType
  readonly schema: string
  readonly table: string
  readonly body: Buffer
  readonly lanes: LanesOf
  readonly targets: Targets
  /** For one target it is delivered, kept among the dead letters, or not wanted any more. Called once for each. */
  readonly done: () => void
}

/** What is sent for an event: the original's `{"Data": …}` around its wire JSON. */
export const bodyOf = (event: ChangeEvent): Buffer => encodeWireJsonBytes(event, '{"Data":', '}')

/** What has to be done for an event. */
export const notificationOf = (
  event: ChangeEvent,
  body: Buffer,
  targets: Targets,
  done: () => void,
): Notification => {
  const { type, schema, table } = kindOf(event)
  const place = `${formatLsn(event.commitLsn)}-${event.ordinal}`
  // a topic with `primary_key` has a change of a key as a delete and an insert in one place
  const id = event.kind === 'delete' ? `${place}-D` : place
  return { id, type, schema, table, body, lanes: lanesOf(event), targets, done }
}

const userAgent = `pgstream/${version}`

/**
 * Standard Webhooks: the id stays the same over all attempts, time and signature do not. Names and values in turn, because
 * that is what costs least to send.
 */
export function notificationHeaders(id: string, body: Buffer, keys: readonly SigningKey[]): string[] {
  const timestamp = Math.floor(Date.now() / 1000)
  return [
    'content-type',
    'application/json',
    'user-agent',
    userAgent,
    'webhook-id',
    id,
    'webhook-timestamp',
    String(timestamp),
    'webhook-signature',
    sign(keys, id, timestamp, body),
  ]
}

/** Why nothing can be sent, where `SubscriptionBook.keysOf` gives no keys. */
export const unsendable = {
  gone: 'nobody of this URL is subscribed any more',
  disabled: 'the subscription is disabled',
  unsigned: 'the secret of the subscription cannot be used',
} as const
