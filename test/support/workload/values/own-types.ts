import { itemsOf } from './nested-types.ts'
import { identifier, recordText } from './quoting.ts'
import { oneOf } from './value-type.ts'
import type { ValueType } from './value-type.ts'

/** Where the types live that a workload makes itself; no part of any table's name. */
const typeSchema = 'w.types "x"'

const inSchema = (name: string): string => `${identifier(typeSchema)}.${identifier(name)}`

const mood = inSchema('mood')
const oddMood = inSchema('It\'s "Mood"')
const small = inSchema('small number')
const smaller = inSchema('smaller')
const list = inSchema('list')
const pair = inSchema('Pair')
const nested = inSchema('nested')
const span = inSchema('span')

export const createOwnTypes: string = [
  `create schema ${identifier(typeSchema)}`,
  `create type ${mood} as enum ('sad', 'ok', 'happy')`,
  `create type ${oddMood} as enum ('it''s', 'a,b', '"', 'Zoë', '')`,
  `create domain ${small} as integer check (value < 1000000)`,
  `create domain ${smaller} as ${small} check (value > -10)`,
  `create domain ${list} as integer[]`,
  `create type ${pair} as (a integer, "b b" text, c numeric[])`,
  `create type ${nested} as (first ${pair}, m ${mood})`,
  `create type ${span} as range (subtype = double precision)`,
].join(';\n')

const moods = oneOf('sad', 'ok', 'happy')
const oddMoods = oneOf("it's", 'a,b', '"', 'Zoë', '')
const pairs = oneOf(
  recordText(['1', 'a "b" \\ ,()', '{1.10,NaN}']),
  recordText([null, null, null]),
  recordText(['-5', '', '{}']),
)

export const ownTypes: readonly ValueType[] = [
  { sql: mood, text: moods },
  { sql: oddMood, text: oddMoods },
  { sql: `${mood}[]`, text: (r) => itemsOf(r, moods) },
  { sql: `${oddMood}[]`, text: (r) => itemsOf(r, oddMoods) },
  { sql: small, text: oneOf('-5', '0', '999999'), key: (n) => String(n) },
  { sql: smaller, text: oneOf('7', '0') },
  { sql: `${smaller}[]`, text: oneOf('{7,NULL}', '{}') },
  { sql: list, text: oneOf('{1,2}', '{}', '{NULL}') },
  { sql: pair, text: pairs, key: (n) => recordText([String(n), null, '{}']) },
  { sql: `${pair}[]`, text: (r) => itemsOf(r, pairs) },
  { sql: nested, text: (r) => recordText([r.chance(0.3) ? null : pairs(r), moods(r)]) },
  { sql: span, text: oneOf('[1.5,1e300)', 'empty', '(-Infinity,)') },
]
