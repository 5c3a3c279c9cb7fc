/** Columns of many types, and for each the values that are hard to carry. */
export const everyType: Readonly<Record<string, readonly string[]>> = {
  boolean: ['t', 'f'],
  smallint: ['0', '32767', '-32768'],
  integer: ['2147483647', '-2147483648'],
  bigint: ['9223372036854775807', '-9223372036854775808', '9007199254740993', '0'],
  oid: ['0', '4294967295'],
  real: ['0.1', '-0', 'NaN', 'Infinity', '-Infinity', '1.17549435e-38', '3.4028235e+38', '16777216'],
  'double precision': [
    '0.1',
    '-0',
    'NaN',
    'Infinity',
    '-Infinity',
    '1e20',
    '5e-324',
    '1.7976931348623157e308',
  ],
  numeric: [
    '1234567890123456789012345678901234567890.1234567890123456789',
    'NaN',
    'Infinity',
    '-Infinity',
    '0.00000000000000000001',
    '-1',
    '1e100',
  ],
  'numeric(10,2)': ['12.5', '0', '-99999999.99'],
  money: ['12.34', '-92233720368547758.08'],
  text: ['', ' ', 'Zoë \u{1f600}', 'a\tb\nc\\d"e\'f', 'NULL', '\u2028', '\u0001'],
  'character varying(10)': ['', 'Zoë'],
  'character(5)': ['', 'ab'],
  '"char"': ['a', ''],
  name: ['a name'],
  bytea: ['\\x', '\\x00ff', '\\x5c7800'],
  date: ['2000-02-29', 'infinity', '-infinity', '0044-03-15 BC', '5874897-12-31'],
  'time without time zone': ['00:00', '24:00', '12:34:56.789012'],
  'time with time zone': ['12:34:56.7+05:45', '00:00-15:59:59'],
  'timestamp without time zone': [
    '2000-01-01',
    'infinity',
    '4713-01-01 00:00:00 BC',
    '294276-12-31 23:59:59.999999',
  ],
  'timestamp with time zone': ['2000-01-01 00:00:00.000001+05:45', '-infinity', '0044-03-15 12:00:00+00 BC'],
  'timestamp(0) with time zone': ['2000-01-01 00:00:00.6+00'],
  interval: ['1 year -2 days 03:04:05.000006', '-1 month', '0', '178000000 years'],
  json: ['{"a" : 1, "a": 1.10, "b": "\\u0041"}', 'null', '[]', '"x"'],
  jsonb: ['{"a" : 1, "a": 1.10}', 'null', '12345678901234567890.0'],
  xml: ['<a>x</a>'],
  uuid: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  inet: ['192.168.0.1/24', '::1'],
  cidr: ['10.0.0.0/8'],
  macaddr: ['08:00:2b:01:02:03'],
  macaddr8: ['08:00:2b:01:02:03:04:05'],
  'bit(3)': ['101'],
  'bit varying(5)': ['', '10'],
  point: ['(1.5,-0)'],
  line: ['{1,2,3}'],
  lseg: ['[(0,0),(1,1)]'],
  box: ['(1,1),(0,0)'],
  path: ['[(0,0),(1,1)]', '((0,0),(1,1))'],
  polygon: ['((0,0),(1,1),(1,0))'],
  circle: ['<(0,0),1e300>'],
  tsvector: [`'fat':2 'rat':3A`],
  tsquery: [`'fat' & !'rat'`],
  int4range: ['[1,5)', 'empty', '(,)'],
  numrange: ['[1.10,2.20]'],
  tstzrange: ['[2000-01-01 00:00+00,infinity)'],
  int8multirange: ['{}', '{[1,2),[3,9223372036854775807)}'],
  datemultirange: ['{[2000-01-01,2000-02-01)}'],
  pg_lsn: ['16/B374D848'],
  xid8: ['18446744073709551615'],
  'integer[]': ['{}', '{1,NULL,-3}', '{{1,2},{3,4}}', '[0:1]={7,8}'],
  'bigint[]': ['{9223372036854775807}'],
  'numeric[]': ['{1.10,NaN}'],
  'text[]': ['{"a b",NULL,"NULL","\\"\\\\",{}}'.replace(',{}', ',"{}"')],
  'bytea[]': ['{"\\\\x00ff"}'],
  'boolean[]': ['{t,f,NULL}'],
  'jsonb[]': ['{"{\\"a\\": 1}"}'],
  'timestamp with time zone[]': ['{"2000-01-01 00:00:00+00"}'],
  int2vector: ['1 2 3'],
  oidvector: ['1 2 3'],
}

/** Creates the table `every_type`: a key, and one column for each type. */
export const createEveryType = (): string =>
  `create table every_type (key int primary key, ${Object.keys(everyType)
    .map((type, i) => `c${i} ${type}`)
    .join(', ')})`

/** A statement with one row of nulls and as many rows as it takes to have each value once. */
export function insertEveryType(): string {
  const columns = Object.entries(everyType)
  const longest = Math.max(...columns.map(([, values]) => values.length))
  const rows = Array.from({ length: longest + 1 }, (_, n) => {
    const row = columns.map(([type, values]) => {
      const value = n === 0 ? undefined : values[n - 1]
      return value === undefined ? 'null' : `E'${value.replace(/[\\']/g, '\\$&')}'::${type}`
    })
    return `(${n}, ${row.join(', ')})`
  })
  return `insert into every_type values ${rows.join(', ')}`
}
