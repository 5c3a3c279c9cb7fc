/** What a column is to a search store, whatever Postgres calls its type. */
export type FieldKind =
  | 'long'
  | 'double'
  | 'decimal'
  | 'boolean'
  | 'text'
  | 'keyword'
  | 'json'
  | 'date'
  | 'time'
  | 'ip'
  | 'ip_range'
  | 'long_range'
  | 'double_range'
  | 'date_range'

/** What decides over the field of a column, and over how its values are written. */
export interface ColumnType {
  readonly kind: FieldKind
  /** Its values are lists: a store has no other type for those. */
  readonly isList: boolean
  /** The type below domains and arrays, without modifiers. */
  readonly base: string
}

/** By the names that `format_type` gives. The README's table is made of it. */
export const kindOfType: Readonly<Record<string, FieldKind>> = {
  smallint: 'long',
  integer: 'long',
  bigint: 'long',
  oid: 'long',
  real: 'double',
  'double precision': 'double',
  numeric: 'decimal',
  boolean: 'boolean',
  text: 'text',
  'character varying': 'text',
  character: 'text',
  bpchar: 'text',
  '"char"': 'text',
  name: 'text',
  citext: 'text',
  xml: 'text',
  json: 'json',
  jsonb: 'json',
  date: 'date',
  'timestamp without time zone': 'date',
  'timestamp with time zone': 'date',
  'time without time zone': 'time',
  'time with time zone': 'time',
  inet: 'ip',
  cidr: 'ip_range',
  int4range: 'long_range',
  int8range: 'long_range',
  numrange: 'double_range',
  daterange: 'date_range',
  tsrange: 'date_range',
  tstzrange: 'date_range',
  int4multirange: 'long_range',
  int8multirange: 'long_range',
  nummultirange: 'double_range',
  datemultirange: 'date_range',
  tsmultirange: 'date_range',
  tstzmultirange: 'date_range',
}

export const isMultirange = (base: string): boolean => base.endsWith('multirange')

/** `type` as `format_type` prints it; `baseType` is the type below a domain. All that is not listed is a keyword. */
export function columnType(type: string, baseType: string = type): ColumnType {
  const isArray = baseType.endsWith('[]')
  const bare = baseType.replace(/(\[\])+$/, '').replace(/\([^)]*\)/, '')
  const named = bare.replace(/^[a-z_][a-z0-9_]*\.(?=citext$)/, '')
  const kind = kindOfType[named] ?? 'keyword'
  if (isMultirange(named)) return { kind: isArray ? 'keyword' : kind, isList: true, base: named }
  return { kind, isList: isArray, base: named }
}
