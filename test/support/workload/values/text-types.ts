import type { Random } from '../random.ts'
import { oneOf } from './value-type.ts'
import type { ValueType } from './value-type.ts'

const pieces = [
  'a',
  'Z',
  ' ',
  "'",
  '"',
  '\\',
  '\n',
  '\r\n',
  '\t',
  '\u0001',
  '\u007f',
  'é',
  'ß',
  '\u2028',
  '\u{1f600}',
  '\u{10ffff}',
  '{',
  '}',
  ',',
  ';',
  '$$',
  '%s',
  '\\.',
  '\\N',
  'NULL',
  '--',
  '/*',
]
const words = (random: Random): string =>
  Array.from({ length: random.int(8) }, () => random.pick(pieces)).join('')

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

const fourLetters = (bits: number): string =>
  alphabet[bits >> 18]! + alphabet[(bits >> 12) & 63]! + alphabet[(bits >> 6) & 63]! + alphabet[bits & 63]!

/** Compressed within its row, or stored outside of it: as it is, or compressed and still too large. */
function large(random: Random): string {
  const letters = (): string => fourLetters(random.int(64 ** 4))
  const [count, unit] = random.weighted<[number, () => string]>([
    [2, [random.between(600, 2_500), () => 'é-\\']],
    [6, [random.between(520, 2_000), letters]],
    [2, [random.between(600, 1_000), () => `${letters()}${'\u{1f600}'.repeat(3)}`]],
  ])
  return Array.from({ length: count }, unit).join('')
}

const text = (random: Random): string =>
  random.chance(0.3) ? random.pick(['', ' ', 'NULL', 'null', '\\N', 'planted-Zoë \u{1f600}']) : words(random)

const hexOf = (bytes: string): string => `\\x${Buffer.from(bytes, 'latin1').toString('hex')}`

const jsonTexts = [
  '{"a" : 1, "a": 1.10, "b": "\\u0041"}',
  'null',
  '[]',
  '"x\\n\\ud83d\\ude00"',
  '[1e400, 12345678901234567890.10, -0.0]',
  '{"__proto__": {"x": "\u2028"}}',
]

export const textTypes: readonly ValueType[] = [
  { sql: 'text', text, key: (n, r) => `${n}${r.pick(pieces)}` },
  { sql: 'text', text: (r) => (r.chance(0.7) ? large(r) : text(r)) },
  { sql: 'character varying(10)', text: oneOf('', 'Zoë', ' x ', '0123456789'), key: (n) => `v${n}` },
  { sql: 'character varying', text, key: (n, r) => `${r.pick(pieces)}${n}` },
  { sql: 'character(5)', text: oneOf('', 'ab', ' x', 'Zoëéé') },
  { sql: 'character(12)', text: oneOf('', 'ab', 'a\nb'), key: (n) => `c${n}` },
  { sql: '"char"', text: oneOf('a', '', '"', '\\') },
  { sql: 'name', text: oneOf('a name', '', '"'), key: (n) => `n${n}` },
  {
    sql: 'bytea',
    text: (r) => (r.chance(0.5) ? oneOf('\\x', '\\x00ff', '\\x5c7800')(r) : hexOf(words(r))),
    key: (n) => hexOf(`\u0000${n}`),
  },
  { sql: 'bytea', text: (r) => hexOf(r.chance(0.6) ? large(r) : words(r)) },
  { sql: 'json', text: oneOf(...jsonTexts) },
  {
    sql: 'jsonb',
    text: oneOf(...jsonTexts.filter((each) => !each.includes('e400')), '12345678901234567890.0', '1e100'),
    key: (n) => `{"k": ${n}}`,
    sameKey: (column) => `jsonb_build_object('k', (${column} ->> 'k')::numeric + 0.0)`,
  },
  { sql: 'jsonb', text: (r) => (r.chance(0.6) ? JSON.stringify({ large: large(r), n: r.int(10) }) : '{}') },
  { sql: 'xml', text: oneOf('<a>x</a>', '<a b="&quot;">é</a>', 'text only') },
  {
    sql: 'uuid',
    text: oneOf('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '00000000-0000-0000-0000-000000000000'),
    key: (n) => `a0eebc99-9c0b-4ef8-bb6d-${String(n).padStart(12, '0')}`,
  },
  { sql: 'tsvector', text: oneOf(`'fat':2 'rat':3A`, '', `'it''s':1`) },
  { sql: 'tsquery', text: oneOf(`'fat' & !'rat'`, `'a' <-> 'b'`) },
  { sql: 'jsonpath', text: oneOf('$."a"[*]', 'strict $.a') },
]
