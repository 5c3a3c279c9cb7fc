import { signingKey } from './signature.ts'
import { eventTypes } from './subscription.ts'
import type { EventType, SubscriptionWish } from './subscription.ts'
import { readTargetUrl } from './target-url.ts'

export interface SubscriptionRequest {
  readonly wish: SubscriptionWish
  /** As it was written; a subscription that was made by SQL may have it so. */
  readonly writtenUrl: string
  /** Null where one is to be made. */
  readonly secret: string | null
}

/** Its message is a sentence for whoever asked. Holds no secret. */
export class BadRequest extends Error {}

const fields = ['url', 'event_types', 'schema', 'table', 'secret'] as const

/** Of Postgres. */
const longestName = 63

/** Reads what is asked for; `secret` only where one may be given. @throws {BadRequest} with everything that is wrong. */
export function readSubscriptionRequest(json: unknown): SubscriptionRequest {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new BadRequest('The body must be a JSON object.')
  const given = json as Record<string, unknown>
  const problems = Object.keys(given)
    .filter((name) => !fields.some((field) => field === name))
    .map((name) => `${JSON.stringify(name.slice(0, 80))} is no known field; there are ${fields.join(', ')}`)
  const { url } = given
  const request = {
    wish: {
      url: readUrl(url, problems),
      schema: readName(given['schema'], 'schema', problems),
      table: readName(given['table'], 'table', problems),
      eventTypes: readEventTypes(given['event_types'], problems),
    },
    writtenUrl: typeof url === 'string' ? url.replaceAll('\0', '') : '',
    secret: readSecret(given['secret'], problems),
  }
  if (problems.length > 0) throw new BadRequest(`${problems.join('; ')}.`)
  return request
}

function readUrl(value: unknown, problems: string[]): string {
  if (typeof value !== 'string' || value === '') {
    problems.push('url is missing')
    return ''
  }
  const read = readTargetUrl(value)
  if ('url' in read) return read.url.href
  problems.push(`url ${read.problem}`)
  return ''
}

function readName(value: unknown, field: string, problems: string[]): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string' && Buffer.byteLength(value) <= longestName && !value.includes('\0'))
    return value
  problems.push(`${field} must be a name of at most ${longestName} bytes, or empty for any`)
  return ''
}

function readEventTypes(value: unknown, problems: string[]): EventType[] | null {
  if (value === undefined || value === null) return null
  const known = (type: unknown): type is EventType => eventTypes.some((each) => each === type)
  if (Array.isArray(value) && value.every(known)) return value.length === 0 ? null : [...new Set(value)]
  problems.push(`event_types must be a list of ${eventTypes.join(', ')}; empty for all of them`)
  return null
}

function readSecret(value: unknown, problems: string[]): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' && signingKey(value)) return value
  problems.push('secret must be whsec_ followed by the base64 of 24 to 64 bytes; leave it out to get one')
  return null
}
