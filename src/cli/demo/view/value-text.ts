import { LargeText } from '../../../wal/large-text.ts'
import { unchangedToast } from '../../../wal/value.ts'
import type { Value } from '../../../wal/value.ts'

const longest = 40

/** A value on one line, as a person would write it in SQL; long ones are cut. */
export function valueText(value: Value | undefined, type: string): string {
  if (value === unchangedToast) return '(large, unchanged)'
  if (value === null || value === undefined) return 'null'
  if (Buffer.isBuffer(value)) return cut(`\\x${value.subarray(0, longest).toString('hex')}`)
  if (value instanceof LargeText) return valueText(value.bytes.toString('utf8', 0, 8 * longest), type)
  if (typeof value !== 'string') return String(value)
  if (/^numeric(\(|$)/.test(type) && !type.endsWith('[]')) return cut(value)
  return `'${cut(onOneLine(value.slice(0, 2 * longest + 2)))}'`
}

/** Names and values come from a visitor's database: they may hold what would confuse a terminal. */
export function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    if (character === '\n') return '\\n'
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function cut(text: string): string {
  const characters = [...text]
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : text
}
