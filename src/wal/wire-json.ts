import { isUtf8 } from 'node:buffer'
import type { ChangeEvent, InsertEvent, MessageEvent } from './event.ts'
import { fillGaps, fillGapsAsText, gap, longBytes } from './large-json.ts'
import type { Filling } from './large-json.ts'
import { isJsonNumber, numberJson, textJson } from './json-text.ts'
import { LargeText } from './large-text.ts'
import { formatLsn } from './lsn.ts'
import { noMetadata, shapeOf } from './shape-json.ts'
import type { ShapeJson } from './shape-json.ts'
import { formatTime } from './time.ts'
import { utf8 } from './utf8.ts'
import { writeRow } from './wire-bytes.ts'
import { WireChange } from './wire-change.ts'
import { unchangedToast } from './value.ts'
import type { Row, Value } from './value.ts'

const actions = {
  insert: 'I',
  update: 'U',
  delete: 'D',
  truncate: 'T',
  'schema-change': 'I',
  message: 'M',
} as const

/**
 * The JSON that Kafka values, lines on stdout and webhook bodies hold: the fields of the original pgstream in their
 * order, then `commit_lsn`, `ordinal`, `xid`, and `unchanged_toast` with the names of large columns that an update did
 * not touch (or what a sink made of it, an insert under the new key), `unchanged_toast_ids` with their ids where a
 * translator gave some, and `snapshot` of a row that a backfill read. Numbers have every digit that Postgres printed; NaN
 * and infinities are strings.
 *
 * @throws {Error} ERR_STRING_TOO_LONG, or a RangeError, where that is more than a string can hold.
 */
export function encodeWireJson(event: ChangeEvent): string {
  const large: Filling[] = []
  const json = eventJson(event, large)
  return large.length === 0 ? json : fillGapsAsText(json, large)
}

/** The same as UTF-8, of rows of any size, with `before` and `after` around it. Takes its own length of memory. */
export function encodeWireJsonBytes(event: ChangeEvent, before = '', after = ''): Buffer {
  const written = writeRow(event, before, after)
  if (written !== null) return written
  if (event instanceof WireChange && event.isAsRead)
    return Buffer.concat([Buffer.from(before), event.bytes, Buffer.from(after)])
  const large: Filling[] = []
  const json = before + eventJson(event, large) + after
  return large.length === 0 ? utf8(json) : fillGaps(json, large)
}

/** With a gap in place of each value that is added to `large`. */
function eventJson(event: ChangeEvent, large: Filling[]): string {
  const time = event.commitTime === 0 ? '' : formatTime(event.commitTime)
  const head = `{"action":"${actions[event.kind]}","timestamp":"${time}","lsn":"${formatLsn(event.lsn)}",`
  const tail = `,"commit_lsn":"${formatLsn(event.commitLsn)}","ordinal":${event.ordinal},"xid":${event.xid}`
  if (event.kind === 'message') return `${head}${messageJson(event, large)}${tail}}`

  const shape = shapeOf(event.relation, event.translation)
  const { names, metadata } = shape
  const rest = `,"metadata":${metadata}${tail}`
  switch (event.kind) {
    case 'insert':
    case 'schema-change':
    case 'update': {
      const identity =
        event.kind === 'update' ? identityJson(shape, event.old ?? event.values, large) : 'null'
      const missing = unchangedJson(event)
      const mark = event.kind === 'insert' && event.snapshot ? ',"snapshot":true' : ''
      return `${head}${names},"columns":${rowJson(shape, event.values, large)},"identity":${identity}${rest}${missing}${mark}}`
    }
    case 'delete':
      return `${head}${names},"columns":null,"identity":${identityJson(shape, event.old, large)}${rest}}`
    case 'truncate':
      return `${head}${names},"columns":null,"identity":null${rest}}`
  }
}

function rowJson(shape: ShapeJson, row: Row, large: Filling[], only?: readonly number[]): string {
  let json = ''
  for (let at = 0, end = only?.length ?? row.length; at < end; at++) {
    const i = only ? only[at]! : at
    const value = row[i]!
    if (value === unchangedToast) continue
    json += (json === '' ? '[' : ',') + shape.columns[i]! + valueJson(value, shape.isNumeric[i]!, large) + '}'
  }
  return json === '' ? '[]' : json + ']'
}

const identityJson = (shape: ShapeJson, row: Row, large: Filling[]): string =>
  shape.keys.length === 0 ? 'null' : rowJson(shape, row, large, shape.keys)

function unchangedJson({
  relation,
  translation,
  values,
}: Pick<InsertEvent, 'relation' | 'translation' | 'values'>): string {
  if (!values.includes(unchangedToast)) return ''
  const unchanged = <T>(of: readonly T[]): T[] => of.filter((_, i) => values[i] === unchangedToast)
  const names = unchanged(relation.columns.map(({ name }) => name))
  const json = `,"unchanged_toast":${JSON.stringify(names)}`
  return translation
    ? `${json},"unchanged_toast_ids":${JSON.stringify(unchanged(translation.columnIds))}`
    : json
}

function messageJson({ transactional, prefix, content }: MessageEvent, large: Filling[]): string {
  const text = isUtf8(content)
    ? `"content":${content.length > longBytes ? gapFor(content, 'text', large) : JSON.stringify(content.toString('utf8'))}`
    : `"content_base64":${bytesJson(content, 'base64', large)}`
  return (
    `"schema":"","table":"","columns":null,"identity":null,"metadata":${noMetadata},` +
    `"transactional":${transactional},"prefix":${JSON.stringify(prefix)},${text}`
  )
}

function valueJson(
  value: Exclude<Value, typeof unchangedToast>,
  isNumeric: boolean,
  large: Filling[],
): string {
  switch (typeof value) {
    case 'string':
      return isNumeric && isJsonNumber(value) ? value : textJson(value)
    case 'number':
      return numberJson(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      if (value === null) return 'null'
      return value instanceof LargeText ? gapFor(value.bytes, 'text', large) : bytesJson(value, 'hex', large)
  }
}

const bytesJson = (bytes: Buffer, as: 'hex' | 'base64', large: Filling[]): string =>
  bytes.length > longBytes ? gapFor(bytes, as, large) : `"${bytes.toString(as)}"`

function gapFor(bytes: Buffer, as: Filling['as'], large: Filling[]): string {
  large.push({ bytes, as })
  return `"${gap}"`
}
