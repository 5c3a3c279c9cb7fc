import { columnType } from '../../../src/search/field-kind.ts'
import type { FieldKind } from '../../../src/search/field-kind.ts'

/** A document, by the names of its members: JSON as it is written. */
export type DocumentMembers = ReadonlyMap<string, string>

/** The value of a column in a document as Postgres would print it; undefined where the document does not have it. */
export function documentText(
  document: DocumentMembers,
  columnId: string,
  { type, baseType }: { readonly type: string; readonly baseType: string },
): string | null | undefined {
  const { kind, isList, base } = columnType(type, baseType)
  const field = document.has(`${columnId}-${kind}`) ? `${columnId}-${kind}` : columnId
  const json = document.get(field)
  if (json === undefined) return undefined
  const exact = document.get(`${field}-exact`)
  if (type.endsWith('multirange') && exact !== undefined) return parse(exact) as string | null
  if (isList && json !== 'null') return listText(json, exact, base === 'bytea' ? base : kind)
  if (exact !== undefined) return parse(exact) as string | null
  return scalarText(json, kind)
}

/** As `to_json(value::text[])` prints it, without blanks. */
function listText(json: string, exact: string | undefined, kind: FieldKind | 'bytea'): string {
  if (exact !== undefined) return JSON.stringify(parse(exact))
  const texts = (element: unknown): unknown =>
    Array.isArray(element)
      ? element.map(texts)
      : element === null
        ? null
        : elementText(JSON.stringify(element), kind)
  return JSON.stringify(texts(parse(quotedNumbers(json))))
}

/** As a cast to text prints it. */
function elementText(json: string, kind: FieldKind | 'bytea'): string | null {
  if (kind === 'boolean') return json
  return kind === 'bytea' ? `\\x${parse(json) as string}` : scalarText(json, kind)
}

/** JSON.parse would round them. */
const quotedNumbers = (json: string): string =>
  json.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => (token.startsWith('"') ? token : `"${token}"`))

function scalarText(json: string, kind: FieldKind): string | null {
  if (json === 'null') return null
  const text = json.startsWith('"') ? (parse(json) as string) : json
  switch (kind) {
    case 'boolean':
      return text === 'true' ? 't' : 'f'
    case 'double':
      return Object.is(Number(text), -0) ? '-0' : String(Number(text))
    case 'date':
      return dateText(text)
    default:
      return text
  }
}

/** From ISO 8601 to what Postgres prints in UTC. */
function dateText(iso: string): string {
  const parts = /^([+-]?)(\d+)-(\d\d-\d\d)(?:T([\d:.]+)(Z?))?$/.exec(iso)
  if (!parts) return iso
  const [, sign, digits, day = '', time, zone] = parts
  const year = sign === '-' || Number(digits) === 0 ? 1 + Number(digits) : Number(digits)
  const suffix = sign === '-' || Number(digits) === 0 ? ' BC' : ''
  const clock = time === undefined ? '' : ` ${time}${zone === 'Z' ? '+00' : ''}`
  return `${String(year).padStart(4, '0')}-${day}${clock}${suffix}`
}

const parse = (json: string): unknown => JSON.parse(json)
