import { oneOf } from './value-type.ts'
import type { ValueType } from './value-type.ts'

const day = 86_400_000
const date = (n: number): string => new Date(n * day).toISOString().slice(0, 10)

/** Times, network addresses, bits and shapes. */
export const timeTypes: readonly ValueType[] = [
  {
    sql: 'date',
    text: oneOf('2000-02-29', 'infinity', '-infinity', '0044-03-15 BC', '5874897-12-31', '10000-01-01'),
    key: date,
  },
  { sql: 'time without time zone', text: oneOf('00:00', '24:00', '12:34:56.789012') },
  { sql: 'time(2) without time zone', text: oneOf('23:59:59.999', '12:34:56.789012') },
  { sql: 'time with time zone', text: oneOf('12:34:56.7+05:45', '00:00-15:59:59') },
  {
    sql: 'timestamp without time zone',
    text: oneOf('2000-01-01', 'infinity', '4713-01-01 00:00:00 BC', '294276-12-31 23:59:59.999999'),
    key: (n) => `${date(n)} 00:00:00.000001`,
  },
  { sql: 'timestamp(3) without time zone', text: oneOf('2000-01-01 00:00:00.0006', '-infinity') },
  {
    sql: 'timestamp with time zone',
    text: oneOf(
      '2000-01-01 00:00:00.000001+05:45',
      '-infinity',
      '0044-03-15 12:00:00+00 BC',
      '12026-01-01 00:00:00+00',
    ),
    key: (n) => `${date(n)} 12:00:00+03`,
  },
  { sql: 'timestamp(0) with time zone', text: oneOf('2000-01-01 00:00:00.6+00', 'infinity') },
  {
    sql: 'interval',
    text: oneOf('1 year -2 days 03:04:05.000006', '-1 month', '0', '178000000 years', '1 day'),
    key: (n) => `${n} days`,
    sameKey: (column) => `make_interval(hours => (extract(epoch from ${column}) / 3600)::integer)`,
  },
  { sql: 'interval day to second(3)', text: oneOf('1 day 02:03:04.00056', '-00:00:01') },
  { sql: 'inet', text: oneOf('192.168.0.1/24', '::1', '10.0.0.1'), key: (n) => `10.1.${n >> 8}.${n & 255}` },
  { sql: 'cidr', text: oneOf('10.0.0.0/8', '2001:db8::/32') },
  { sql: 'macaddr', text: oneOf('08:00:2b:01:02:03') },
  { sql: 'macaddr8', text: oneOf('08:00:2b:01:02:03:04:05') },
  { sql: 'bit(3)', text: oneOf('101', '000') },
  { sql: 'bit varying(5)', text: oneOf('', '10', '11111') },
  { sql: 'bit(32)', text: oneOf('0'.repeat(32)), key: (n) => n.toString(2).padStart(32, '0') },
  { sql: 'point', text: oneOf('(1.5,-0)', '(NaN,1e300)') },
  { sql: 'line', text: oneOf('{1,2,3}') },
  { sql: 'lseg', text: oneOf('[(0,0),(1,1)]') },
  { sql: 'box', text: oneOf('(1,1),(0,0)') },
  { sql: 'path', text: oneOf('[(0,0),(1,1)]', '((0,0),(1,1))') },
  { sql: 'polygon', text: oneOf('((0,0),(1,1),(1,0))') },
  { sql: 'circle', text: oneOf('<(0,0),1e300>') },
]
