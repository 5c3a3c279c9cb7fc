import type { Random } from '../random.ts'
import { arrayText } from './quoting.ts'
import { oneOf } from './value-type.ts'
import type { ValueType } from './value-type.ts'

export const itemsOf = (random: Random, item: (random: Random) => string): string =>
  arrayText(Array.from({ length: random.int(4) }, () => (random.chance(0.2) ? null : item(random))))

/** Ranges and arrays of built-in types. */
export const nestedTypes: readonly ValueType[] = [
  { sql: 'int4range', text: oneOf('[1,5)', 'empty', '(,)', '[,3]'), key: (n) => `[${n},${n + 1})` },
  { sql: 'numrange', text: oneOf('[1.10,2.20]', '(0,Infinity)') },
  { sql: 'tstzrange', text: oneOf('[2000-01-01 00:00+00,infinity)', 'empty') },
  { sql: 'int8multirange', text: oneOf('{}', '{[1,2),[3,9223372036854775807)}') },
  { sql: 'datemultirange', text: oneOf('{[2000-01-01,2000-02-01)}', '{}') },
  {
    sql: 'integer[]',
    text: oneOf('{}', '{1,NULL,-3}', '{{1,2},{3,4}}', '[0:1]={7,8}', '{{{1}},{{NULL}}}'),
    key: (n) => `{${n}}`,
  },
  { sql: 'bigint[]', text: oneOf('{9223372036854775807}', '{}') },
  { sql: 'numeric[]', text: oneOf('{1.10,NaN}', '{}') },
  { sql: 'double precision[]', text: oneOf('{NaN,-0,1e20,Infinity}', '{NULL}') },
  { sql: 'boolean[]', text: oneOf('{t,f,NULL}') },
  {
    sql: 'text[]',
    text: (r) => itemsOf(r, oneOf('', 'a b', 'NULL', '"\\', '{,}', "it's", '\u{1f600}\n')),
    key: (n) => arrayText([String(n), null, '"']),
  },
  { sql: 'bytea[]', text: (r) => itemsOf(r, oneOf('\\x00ff', '\\x')) },
  { sql: 'jsonb[]', text: (r) => itemsOf(r, oneOf('{"a": 1}', 'null', '"\\""')) },
  { sql: 'timestamp with time zone[]', text: oneOf('{"2000-01-01 00:00:00+00",infinity}') },
  { sql: 'int4range[]', text: oneOf('{"[1,5)",empty,NULL}') },
]
