import type { WireColumn, WireMetadata } from './wire-shapes.ts'

/** The fields of `encodeWireJson`; those after `metadata` are missing in what the original pgstream wrote. */
export interface WireEvent {
  readonly action: string
  readonly timestamp: string | null
  readonly lsn: string
  readonly schema: string
  readonly table: string
  readonly columns: readonly WireColumn[] | null
  readonly identity: readonly WireColumn[] | null
  readonly metadata?: WireMetadata | null
  readonly commit_lsn?: string
  readonly ordinal?: number
  readonly xid?: number
  readonly unchanged_toast?: readonly string[]
  readonly unchanged_toast_ids?: readonly string[]
  readonly snapshot?: boolean
  readonly transactional?: boolean
  readonly prefix?: string
  readonly content?: string
  readonly content_base64?: string
}

/** Numbers keep their digits as text: `JSON.parse` would round them. Within a string the quotes would be escaped. */
const numbers = /"value"\s*:\s*(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=[,}\s])/g

/** Values and names are judged by who reads them. @throws {TypeError} as `readWireJson`. */
export function parseWireEvent(json: string): WireEvent {
  const wire = parse(json)
  if (!isObject(wire)) throw new TypeError('is no JSON object')
  for (const [field, isRight] of rules) {
    if (wire[field] !== undefined && !isRight(wire[field]))
      throw new TypeError(`has a field ${JSON.stringify(field)} of another kind`)
  }
  return wire as unknown as WireEvent
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json.replace(numbers, '"value":"$1"'))
  } catch {
    throw new TypeError('is not JSON') // what the parser says would show a piece of it
  }
}

type Rule = (value: unknown) => boolean

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText: Rule = (value) => typeof value === 'string'
const listOf =
  (isRight: Rule): Rule =>
  (value) =>
    Array.isArray(value) && value.every(isRight)
const orNull =
  (isRight: Rule): Rule =>
  (value) =>
    value === null || isRight(value)

const isColumn: Rule = (value) => isObject(value) && (value['id'] === undefined || isText(value['id']))
const isMetadata: Rule = (value) =>
  isObject(value) &&
  orNull(isText)(value['schema_id']) &&
  isText(value['table_pgstream_id']) &&
  orNull(listOf(isText))(value['id_col_pgstream_id']) &&
  isText(value['version_col_pgstream_id'])

const rules: readonly (readonly [keyof WireEvent, Rule])[] = [
  ['columns', orNull(listOf(isColumn))],
  ['identity', orNull(listOf(isColumn))],
  ['metadata', orNull(isMetadata)],
  ['ordinal', Number.isSafeInteger],
  ['xid', Number.isSafeInteger],
  ['unchanged_toast', listOf(isText)],
  ['unchanged_toast_ids', listOf(isText)],
  ['content', isText],
  ['content_base64', isText],
]
