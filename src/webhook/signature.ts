import { randomBytes, timingSafeEqual } from 'node:crypto'
import { SigningKey } from './signing-key.ts'

/** How a secret is written; standardwebhooks.com, symmetric signatures. */
const prefix = 'whsec_'
const [fewestBytes, mostBytes] = [24, 64]

/** A new secret, as both sides keep it. */
export const makeSecret = (): string => `${prefix}${randomBytes(32).toString('base64')}`

/** The key in a secret; null when it is none: `whsec_` and the base64 of 24 to 64 bytes. */
export function signingKey(secret: string): SigningKey | null {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : ''
  const key = Buffer.from(text, 'base64')
  const isBase64 =
    /^[A-Za-z0-9+/]+={0,2}$/.test(text) &&
    key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')
  return isBase64 && key.length >= fewestBytes && key.length <= mostBytes ? new SigningKey(key) : null
}

/** The value of `webhook-signature`: one signature for each key. `timestamp` is in seconds. */
export function sign(keys: readonly SigningKey[], id: string, timestamp: number, body: Buffer): string {
  const one = (key: SigningKey): string => `v1,${mac(key, id, timestamp, body)}`
  return keys.length === 1 ? one(keys[0]!) : keys.map(one).join(' ')
}

/** How far the clocks of both sides may be apart. */
const toleranceSeconds = 300

/** Whether one of the signatures of a request is by this key, and not old. `now` is in milliseconds. */
export function isSigned(
  key: SigningKey,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Buffer,
  now: number = Date.now(),
): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signatures } = headers
  const timestamp = Number(time)
  if (typeof id !== 'string' || typeof signatures !== 'string' || !Number.isInteger(timestamp)) return false
  if (Math.abs(now / 1000 - timestamp) > toleranceSeconds) return false
  const expected = Buffer.from(mac(key, id, timestamp, body), 'base64')
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(/^v1,(.+)$/.exec(signature)?.[1] ?? '', 'base64')
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

const mac = (key: SigningKey, id: string, timestamp: number, body: Buffer): string =>
  key.mac(`${id}.${timestamp}.`, body)
