/** What a value becomes in the library; it decides on the JSON, too. */
export type Arrival = 'boolean' | 'number' | 'bigint' | 'numeric' | 'bytes' | 'text'

export interface TypeExample {
  readonly type: string
  readonly value: string
  readonly json: string
  /** Where the other plugin cannot say it. */
  readonly wal2json?: string
}

/** A line of the table in README.md. */
export interface TypeRow {
  readonly about: string
  readonly arrival: Arrival
  /** Which types, by the names that `format_type` gives them, belong here. */
  readonly types: RegExp
  readonly examples: readonly TypeExample[]
}

const example = (type: string, value: string, json: string, wal2json?: string): TypeExample => ({
  type,
  value,
  json,
  ...(wal2json === undefined ? {} : { wal2json }),
})

/** Every type is in one of them: the last one takes what is left. */
export const typeRows: readonly TypeRow[] = [
  {
    about: 'boolean',
    arrival: 'boolean',
    types: /^boolean$/,
    examples: [example('boolean', 't', 'true')],
  },
  {
    about: 'smallint, integer, oid',
    arrival: 'number',
    types: /^(smallint|integer|oid)$/,
    examples: [example('integer', '-42', '-42')],
  },
  {
    about: 'real, double precision',
    arrival: 'number',
    types: /^(real|double precision)$/,
    examples: [
      example('real', '0.1', '0.1'),
      example('double precision', '-0', '-0'),
      example('double precision', 'NaN', '"NaN"', 'null'),
      example('real', '-Infinity', '"-Infinity"', 'null'),
    ],
  },
  {
    about: 'bigint',
    arrival: 'bigint',
    types: /^bigint$/,
    examples: [example('bigint', '9007199254740993', '9007199254740993')],
  },
  {
    about: 'numeric',
    arrival: 'numeric',
    types: /^numeric(\(\d+,\d+\))?$/,
    examples: [example('numeric(10,2)', '12.5', '12.50'), example('numeric', 'NaN', '"NaN"', 'null')],
  },
  {
    about: 'bytea',
    arrival: 'bytes',
    types: /^bytea$/,
    examples: [example('bytea', '\\x00ff', '"00ff"')],
  },
  {
    about: 'text, character varying, character, "char", name, citext, xml, uuid',
    arrival: 'text',
    types: /^(text|character varying\(\d+\)|character\(\d+\)|"char"|name|public\.citext|xml|uuid)$/,
    examples: [example('text', 'Zoë "z"', '"Zoë \\"z\\""'), example('character(5)', 'ab', '"ab   "')],
  },
  {
    about: 'json (as it was written), jsonb',
    arrival: 'text',
    types: /^jsonb?$/,
    examples: [
      example('json', '{"a" : 1.10}', '"{\\"a\\" : 1.10}"'),
      example('jsonb', '{"a" : 1.10}', '"{\\"a\\": 1.10}"'),
    ],
  },
  {
    about: 'date, time, timestamp, with time zone in UTC',
    arrival: 'text',
    types: /^(date|time|timestamp)(\(\d\))?( with(out)? time zone)?$/,
    examples: [
      example('timestamp with time zone', '2026-11-22 09:00:00.000001+02', '"2026-11-22 07:00:00.000001+00"'),
      example('date', '0044-03-15 BC', '"0044-03-15 BC"'),
      example('date', 'infinity', '"infinity"'),
    ],
  },
  {
    about: 'interval',
    arrival: 'text',
    types: /^interval/,
    examples: [example('interval', '1 year -3 days 04:05:06', '"1 year -3 days +04:05:06"')],
  },
  {
    about: 'arrays of anything',
    arrival: 'text',
    types: /\[\]$/,
    examples: [example('integer[]', '{1,NULL,3}', '"{1,NULL,3}"')],
  },
  {
    about: 'enums',
    arrival: 'text',
    types: /^(public\.mood|"My Types"\."Odd ""M""")$/,
    examples: [example('public.mood', 'sad', '"sad"')],
  },
  {
    about: 'domains, over numbers, too',
    arrival: 'text',
    types: /^public\.(flag|big|price|discount|blob|ids|moods|couple)$/,
    examples: [example('public.price', '1.5', '"1.50"'), example('public.price', 'NaN', '"NaN"')],
  },
  {
    about: 'composite types',
    arrival: 'text',
    types: /^public\.(pair|nested)$/,
    examples: [example('public.pair', '(1,"a b")', '"(1,\\"a b\\")"')],
  },
  {
    about: 'ranges, multiranges',
    arrival: 'text',
    types: /(range|public\.spans?)$/,
    examples: [example('int4range', '[1,5]', '"[1,6)"')],
  },
  {
    about: 'money, bit, inet, cidr, macaddr, tsvector, pg_lsn, xid8, point, hstore, … everything else',
    arrival: 'text',
    types: /^/,
    examples: [example('inet', '10.0.0.1/8', '"10.0.0.1/8"'), example('bit(3)', '101', '"101"')],
  },
]

/** Where a type belongs: the first row that takes it. */
export const typeRowOf = (type: string): TypeRow => typeRows.find(({ types }) => types.test(type))!
