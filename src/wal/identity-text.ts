import { createHash } from 'node:crypto'
import type { Translation } from './event.ts'
import { LargeText } from './large-text.ts'
import { unchangedToast } from './value.ts'
import type { Row, Value } from './value.ts'

/** What OpenSearch and Elasticsearch take as an id, in bytes. */
const longestIdentity = 512

const hashPrefix = 'sha256:'

/**
 * One text for the values that identify a row, different for different rows of a table: the value itself if there is
 * one, else the values joined by `-`, where a `-` or `\` within a value gets a `\` before it. A text that is longer than
 * `longest` bytes, or could be taken for a hash, is hashed: `sha256:` and 64 hexadecimal digits.
 *
 * Null where a value is missing: such a row cannot be told from others.
 */
export function identityText(values: readonly Value[], longest: number = longestIdentity): string | null {
  let text = ''
  for (let i = 0; i < values.length; i++) {
    const part = valueText(values[i]!)
    if (part === null) return null
    if (i > 0) text += '-'
    text += values.length === 1 ? part : part.replace(/[\\-]/g, '\\$&')
  }
  if (values.length === 0) return null
  const isPlain = text.length * 3 <= longest || Buffer.byteLength(text) <= longest
  return isPlain && !text.startsWith(hashPrefix) ? text : hashPrefix + sha256(text)
}

/** Where in a row the values are that identify it, in their order; null for a row of a table without identity. */
export function identityPlaces(translation: Translation): readonly number[] | null {
  const { identityColumnIds: ids, columnIds } = translation
  if (ids === null) return null
  const places = ids.map((id) => columnIds.indexOf(id))
  return places.includes(-1) ? null : places
}

/** The identity text of a row; `places` are those of `identityPlaces`. */
export const rowIdentity = (
  row: Row,
  places: readonly number[],
  longest: number = longestIdentity,
): string | null =>
  identityText(
    places.map((place) => row[place] ?? null),
    longest,
  )

function valueText(value: Value): string | null {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      if (value instanceof LargeText) return value.toString()
      return value === null || value === unchangedToast ? null : value.toString('hex')
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
