import type { ColumnSchema } from '../wal/schema-log.ts'
import type { FieldKind } from './field-kind.ts'
import { fieldOfColumn } from './names.ts'

/** A part of a mapping, as the store takes it below `properties`. */
export type Mapping = Readonly<Record<string, unknown>>

/**
 * Asked for the mapping of each column: what it gives stands instead of `standard`. The values stay as they are: a number
 * remains a number.
 */
export type Mapper = (column: Pick<ColumnSchema, 'name' | 'type'>, standard: Mapping) => Mapping

/** Lucene takes terms of 32,766 bytes; so many characters are never more. */
const longestTerm = 8191

const keyword = { type: 'keyword', ignore_above: longestTerm } as const
const dates = { type: 'date', format: 'strict_date_optional_time' } as const
/** The first is how times are shown, the second how they are written. */
const times = 'HH:mm:ss.SSS||HH:mm:ss[.SSSSSS][.SSSSS][.SSSS][.SSS][.SS][.S][XXX][X]'

/** What a value cannot be looked up by is left out of the field, and the document stays. */
const lenient = { ignore_malformed: true } as const

interface KindMapping {
  readonly main: Mapping
  /** Beside it, by the end of their names: the same value in another form. */
  readonly beside?: Readonly<Record<string, Mapping>>
}

const exact = { exact: keyword } as const

/** How each kind is kept. The README's table is made of it. */
export const kindMappings: Readonly<Record<FieldKind, KindMapping>> = {
  long: { main: { type: 'long', ...lenient } },
  double: { main: { type: 'double', ...lenient }, beside: exact },
  decimal: { main: { type: 'double', ...lenient }, beside: exact },
  boolean: { main: { type: 'boolean' } },
  text: { main: { ...keyword, fields: { text: { type: 'text' } } } },
  keyword: { main: keyword },
  json: { main: { type: 'text' }, beside: { object: { type: 'flat_object' } } },
  date: { main: { ...dates, ...lenient }, beside: exact },
  time: { main: { type: 'date', format: times, ...lenient }, beside: exact },
  ip: { main: { type: 'ip', ...lenient }, beside: exact },
  ip_range: { main: { type: 'ip_range' }, beside: exact },
  long_range: { main: { type: 'long_range' }, beside: exact },
  double_range: { main: { type: 'double_range' }, beside: exact },
  date_range: { main: { type: 'date_range', format: dates.format }, beside: exact },
}

/** Of every document: its table, and the LSN of the change that wrote it. */
export const tableField = '_table'
export const lsnField = '_lsn'
/** Where names lead that nothing has any more. No document has it. */
export const goneField = '_gone'

export const commonProperties: Readonly<Record<string, Mapping>> = {
  [tableField]: { type: 'keyword' },
  [lsnField]: { type: 'long' },
  [goneField]: { type: 'keyword' },
}

/** What the store offers beyond what all of them have. */
export interface StoreAbilities {
  /** The type for whole objects whose keys nobody knows before; null where the store has none. */
  readonly objectType: 'flat_object' | 'flattened' | null
}

/** A column as it is kept. */
export interface MappedColumn {
  readonly name: string
  readonly type: string
  readonly kind: FieldKind
  /** Its main field. */
  readonly field: string
}

/** The fields of a column. */
export function propertiesOf(
  column: MappedColumn,
  { objectType }: StoreAbilities,
  mapper?: Mapper,
): Record<string, Mapping> {
  const { main, beside = {} } = kindMappings[column.kind]
  const properties: Record<string, Mapping> = { [column.field]: mapper?.(column, main) ?? main }
  for (const [part, mapping] of Object.entries(beside)) {
    if (mapping['type'] !== 'flat_object') properties[`${column.field}-${part}`] = mapping
    else if (objectType !== null) properties[`${column.field}-${part}`] = { type: objectType }
  }
  return properties
}

/** What people call a column, and where each name leads: `table.column`, `table.column@exact`, … */
export function namesOf(
  table: string,
  column: MappedColumn,
  { objectType }: StoreAbilities,
  mapper?: Mapper,
): [name: string, field: string][] {
  const { main, beside = {} } = kindMappings[column.kind]
  const { fields = {} } = (mapper?.(column, main) ?? main) as { readonly fields?: object }
  const within = Object.keys(fields)
  const parts = Object.keys(beside).filter((part) => part !== 'object' || objectType !== null)
  return [
    [fieldOfColumn(table, column.name), column.field],
    ...within.map((part): [string, string] => [
      fieldOfColumn(table, column.name, part),
      `${column.field}.${part}`,
    ]),
    ...parts.map((part): [string, string] => [
      fieldOfColumn(table, column.name, part),
      `${column.field}-${part}`,
    ]),
  ]
}

/** Names as properties: aliases within an object for each table. */
export function aliasProperties(names: ReadonlyMap<string, string>): Record<string, Mapping> {
  const tables = new Map<string, Record<string, Mapping>>()
  for (const [name, path] of names) {
    const dot = name.indexOf('.')
    const table = name.slice(0, dot)
    const columns = tables.get(table) ?? {}
    tables.set(table, columns)
    define(columns, name.slice(dot + 1), { type: 'alias', path })
  }
  const properties: Record<string, Mapping> = {}
  for (const [table, columns] of tables) define(properties, table, { properties: columns })
  return properties
}

/** A column may be called __proto__: an assignment would not make it a property. */
const define = (object: Record<string, Mapping>, name: string, value: Mapping): void =>
  void Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
