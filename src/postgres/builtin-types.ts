/**
 * The types that every Postgres has: oid, name as `format_type(oid, -1)` prints it, oid of the array type (0: none below
 * 10000). Oids below 10000 are assigned by hand in the server's sources and never change their meaning between versions;
 * the stream does not describe them, also not the odd ones that copies of catalogs have.
 */
const builtins: readonly (readonly [oid: number, name: string, arrayOid: number])[] = [
  [16, 'boolean', 1000],
  [17, 'bytea', 1001],
  [18, '"char"', 1002],
  [19, 'name', 1003],
  [20, 'bigint', 1016],
  [21, 'smallint', 1005],
  [22, 'int2vector', 1006],
  [23, 'integer', 1007],
  [24, 'regproc', 1008],
  [25, 'text', 1009],
  [26, 'oid', 1028],
  [27, 'tid', 1010],
  [28, 'xid', 1011],
  [29, 'cid', 1012],
  [30, 'oidvector', 1013],
  [71, 'pg_type', 210],
  [75, 'pg_attribute', 270],
  [81, 'pg_proc', 272],
  [83, 'pg_class', 273],
  [114, 'json', 199],
  [142, 'xml', 143],
  [194, 'pg_node_tree', 0],
  [600, 'point', 1017],
  [601, 'lseg', 1018],
  [602, 'path', 1019],
  [603, 'box', 1020],
  [604, 'polygon', 1027],
  [628, 'line', 629],
  [650, 'cidr', 651],
  [700, 'real', 1021],
  [701, 'double precision', 1022],
  [718, 'circle', 719],
  [774, 'macaddr8', 775],
  [790, 'money', 791],
  [829, 'macaddr', 1040],
  [869, 'inet', 1041],
  [1033, 'aclitem', 1034],
  [1042, 'bpchar', 1014],
  [1043, 'character varying', 1015],
  [1082, 'date', 1182],
  [1083, 'time without time zone', 1183],
  [1114, 'timestamp without time zone', 1115],
  [1184, 'timestamp with time zone', 1185],
  [1186, 'interval', 1187],
  [1248, 'pg_database', 0],
  [1266, 'time with time zone', 1270],
  [1560, '"bit"', 1561],
  [1562, 'bit varying', 1563],
  [1700, 'numeric', 1231],
  [1790, 'refcursor', 2201],
  [2202, 'regprocedure', 2207],
  [2203, 'regoper', 2208],
  [2204, 'regoperator', 2209],
  [2205, 'regclass', 2210],
  [2206, 'regtype', 2211],
  [2842, 'pg_authid', 0],
  [2843, 'pg_auth_members', 0],
  [2950, 'uuid', 2951],
  [2970, 'txid_snapshot', 2949],
  [3220, 'pg_lsn', 3221],
  [3361, 'pg_ndistinct', 0],
  [3402, 'pg_dependencies', 0],
  [3614, 'tsvector', 3643],
  [3615, 'tsquery', 3645],
  [3642, 'gtsvector', 3644],
  [3734, 'regconfig', 3735],
  [3769, 'regdictionary', 3770],
  [3802, 'jsonb', 3807],
  [3904, 'int4range', 3905],
  [3906, 'numrange', 3907],
  [3908, 'tsrange', 3909],
  [3910, 'tstzrange', 3911],
  [3912, 'daterange', 3913],
  [3926, 'int8range', 3927],
  [4066, 'pg_shseclabel', 0],
  [4072, 'jsonpath', 4073],
  [4089, 'regnamespace', 4090],
  [4096, 'regrole', 4097],
  [4191, 'regcollation', 4192],
  [4451, 'int4multirange', 6150],
  [4532, 'nummultirange', 6151],
  [4533, 'tsmultirange', 6152],
  [4534, 'tstzmultirange', 6153],
  [4535, 'datemultirange', 6155],
  [4536, 'int8multirange', 6157],
  [4600, 'pg_brin_bloom_summary', 0],
  [4601, 'pg_brin_minmax_multi_summary', 0],
  [5017, 'pg_mcv_list', 0],
  [5038, 'pg_snapshot', 5039],
  [5069, 'xid8', 271],
  [6101, 'pg_subscription', 0],
]

const names = new Map<number, string>()
const elements = new Map<number, number>()
for (const [oid, name, arrayOid] of builtins) {
  names.set(oid, name)
  if (arrayOid !== 0) elements.set(arrayOid, oid)
}

export const int8Oid = 20
export const boolOid = 16
export const byteaOid = 17
export const numericOid = 1700
/** int2, int4, oid, float4, float8: what a JavaScript number holds exactly. */
export const numberOids: ReadonlySet<number> = new Set([21, 23, 26, 700, 701])

const modifierOffset = 4
const bpchar = 1042
const varchar = 1043
const time = 1083
const timestamp = 1114
const timestamptz = 1184
const interval = 1186
const timetz = 1266
const bit = 1560
const varbit = 1562
const numeric = 1700

/** Postgres' `intervaltypmodout`: which fields a declared interval has, as a bit mask in the upper half. */
const intervalFields = new Map<number, string>([
  [1 << 2, ' year'],
  [1 << 1, ' month'],
  [1 << 3, ' day'],
  [1 << 10, ' hour'],
  [1 << 11, ' minute'],
  [1 << 12, ' second'],
  [(1 << 2) | (1 << 1), ' year to month'],
  [(1 << 3) | (1 << 10), ' day to hour'],
  [(1 << 3) | (1 << 10) | (1 << 11), ' day to minute'],
  [(1 << 3) | (1 << 10) | (1 << 11) | (1 << 12), ' day to second'],
  [(1 << 10) | (1 << 11), ' hour to minute'],
  [(1 << 10) | (1 << 11) | (1 << 12), ' hour to second'],
  [(1 << 11) | (1 << 12), ' minute to second'],
  [0x7fff, ''],
])

function intervalName(modifier: number): string {
  const precision = modifier & 0xffff
  return `interval${intervalFields.get((modifier >> 16) & 0x7fff) ?? ''}${precision === 0xffff ? '' : `(${precision})`}`
}

function numericName(modifier: number): string {
  const packed = modifier - modifierOffset
  const scale = ((packed & 0x7ff) ^ 0x400) - 0x400 // 11 bits, signed since Postgres 15
  return `numeric(${(packed >> 16) & 0xffff},${scale})`
}

function withModifier(oid: number, modifier: number): string | undefined {
  switch (oid) {
    case bpchar:
      return `character(${modifier - modifierOffset})`
    case varchar:
      return `character varying(${modifier - modifierOffset})`
    case bit:
      return `bit(${modifier})`
    case varbit:
      return `bit varying(${modifier})`
    case numeric:
      return numericName(modifier)
    case time:
      return `time(${modifier}) without time zone`
    case timetz:
      return `time(${modifier}) with time zone`
    case timestamp:
      return `timestamp(${modifier}) without time zone`
    case timestamptz:
      return `timestamp(${modifier}) with time zone`
    case interval:
      return intervalName(modifier)
    default:
      return undefined
  }
}

/** What `format_type(oid, modifier)` prints for a built-in type or an array of one; undefined for all others. */
export function builtinTypeName(oid: number, modifier: number): string | undefined {
  const element = elements.get(oid)
  if (element !== undefined) {
    const name = builtinTypeName(element, modifier)
    return name === undefined ? undefined : `${name}[]`
  }
  return (modifier < 0 ? undefined : withModifier(oid, modifier)) ?? names.get(oid)
}

const oids = new Map<string, number>([
  ['character', bpchar],
  ['bit', bit],
])
for (const [oid, name] of names) oids.set(name, oid)
const arrayOids = new Map<number, number>(Array.from(elements, ([array, element]) => [element, array]))

/** The oid of a built-in type, or of an array of one, that `format_type` calls so with any modifier; undefined for all others. */
export function builtinTypeOid(name: string): number | undefined {
  const element = name.replace(/\[\]$/, '').replace(/\(\d+(,-?\d+)?\)/, '')
  const oid = oids.get(element.startsWith('interval ') ? 'interval' : element)
  return oid !== undefined && name.endsWith('[]') ? arrayOids.get(oid) : oid
}
