import type { Random } from '../random.ts'
import { oneOf } from './value-type.ts'
import type { ValueType } from './value-type.ts'

const digits = (random: Random, count: number): string =>
  Array.from({ length: count }, (_, i) => random.between(i === 0 ? 1 : 0, 9)).join('')

function decimal(random: Random): string {
  const sign = random.chance(0.3) ? '-' : ''
  const fraction = random.chance(0.7) ? `.${digits(random, random.between(1, 20))}` : ''
  const zeros = fraction !== '' && random.chance(0.3) ? '000' : ''
  return sign + digits(random, random.between(1, 40)) + fraction + zeros
}

function double(random: Random): string {
  const sign = random.chance(0.3) ? '-' : ''
  return `${sign}${random.int(10)}.${digits(random, random.between(1, 17))}e${random.between(-300, 300)}`
}

const doubles = oneOf(
  'NaN',
  'Infinity',
  '-Infinity',
  '-0',
  '0',
  '1e20',
  '1e21',
  '0.1',
  '5e-324',
  '1.7976931348623157e308',
)
const floats = oneOf('NaN', 'Infinity', '-Infinity', '-0', '1e20', '0.1', '1.17549435e-38', '3.4028235e+38')
const decimals = oneOf(
  'NaN',
  'Infinity',
  '-Infinity',
  '0',
  '0.000',
  '1.10',
  '-1',
  '1e100',
  '0.00000000000000000001',
  '1234567890123456789012345678901234567890.1234567890',
)

export const numberTypes: readonly ValueType[] = [
  { sql: 'smallint', text: (r) => (r.chance(0.4) ? oneOf('32767', '-32768', '0')(r) : String(r.int(1000))) },
  {
    sql: 'integer',
    text: (r) => (r.chance(0.3) ? oneOf('2147483647', '-2147483648', '0')(r) : String(r.int(100))),
    key: (n) => String(n),
  },
  {
    sql: 'bigint',
    text: oneOf('9223372036854775807', '-9223372036854775808', '9007199254740993', '0', '-1', '77'),
    key: (n) => String(9007199254740992n + BigInt(n)),
  },
  { sql: 'oid', text: oneOf('0', '4294967295', '17'), key: (n) => String(4294000000 + n) },
  { sql: 'real', text: (r) => (r.chance(0.6) ? floats(r) : String(r.int(100_000) / 64)) },
  {
    sql: 'double precision',
    text: (r) => (r.chance(0.5) ? doubles(r) : double(r)),
    key: (n) => (n % 7 === 0 ? `${n}e200` : `${n}.5`),
  },
  {
    sql: 'numeric',
    text: (r) => (r.chance(0.4) ? decimals(r) : decimal(r)),
    key: (n) => `${n}.0`,
    sameKey: (column) => `${column} + 0.00`,
  },
  { sql: 'numeric(10,2)', text: oneOf('12.5', '0', '-99999999.99', '7', 'NaN') },
  { sql: 'numeric(4,-2)', text: oneOf('123456', '-50', '0') },
  {
    sql: 'money',
    text: oneOf('12.34', '-92233720368547758.08', '0', '1000000'),
    key: (n) => String(n),
  },
  { sql: 'boolean', text: oneOf('t', 'f') },
  {
    sql: 'pg_lsn',
    text: oneOf('16/B374D848', '0/0', 'FFFFFFFF/FFFFFFFF'),
    key: (n) => `A/${n.toString(16)}`,
  },
  { sql: 'xid8', text: oneOf('18446744073709551615', '0') },
]
