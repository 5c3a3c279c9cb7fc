import type { SigningKey } from './signing-key.ts'

/** `action` of wire JSON: insert, update, delete, truncate, logical message. */
export const eventTypes = ['I', 'U', 'D', 'T', 'M'] as const
export type EventType = (typeof eventTypes)[number]

/** Which changes, by `POST` to where. */
export interface SubscriptionWish {
  /** As `new URL` writes it. */
  readonly url: string
  /** Of any if empty. */
  readonly schema: string
  /** Of any if empty. */
  readonly table: string
  /** All of them if null. */
  readonly eventTypes: readonly EventType[] | null
}

export interface Subscription extends SubscriptionWish {
  readonly id: string
  /** Of its secret; null for one that somebody wrote into the table and that is none. */
  readonly key: SigningKey | null
  /** Of the secret before it, which signs, too, until then (milliseconds). */
  readonly previousKey: SigningKey | null
  readonly previousKeyUntil: number
  readonly createdAt: Date
  /** Since when nothing is sent, because the receiver said that it is gone. */
  readonly disabledAt: Date | null
  readonly disabledReason: string | null
}

/**
 * Whether it wants a change. Messages of `pg_logical_emit_message` have neither schema nor table: they are for those who name
 * neither, and for those who ask for `M`.
 */
export function wants(
  { schema, table, eventTypes: types, disabledAt }: Subscription,
  change: { readonly type: EventType; readonly schema: string; readonly table: string },
): boolean {
  if (disabledAt !== null) return false
  if (types !== null && !types.includes(change.type)) return false
  if (change.type === 'M') return (schema === '' && table === '') || types !== null
  return (schema === '' || schema === change.schema) && (table === '' || table === change.table)
}
