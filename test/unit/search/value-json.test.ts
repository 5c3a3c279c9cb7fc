import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillGapsAsText } from '../../../src/wal/large-json.ts'
import type { Filling } from '../../../src/wal/large-json.ts'
import { LargeText } from '../../../src/wal/large-text.ts'
import { columnType } from '../../../src/search/field-kind.ts'
import { membersWriter } from '../../../src/search/value-json.ts'
import type { Value } from '../../../src/wal/value.ts'

function write(type: string, value: Value, baseType = type): { json: string; kept: number } {
  let kept = 0
  const writer = membersWriter({
    field: 'f',
    type: columnType(type, baseType),
    objects: true,
    onKept: () => kept++,
  })
  const large: Filling[] = []
  const json = `{${writer(value, large)}}`
  return { json: large.length === 0 ? json : fillGapsAsText(json, large), kept }
}

const cases: [type: string, value: Value, json: string][] = [
  ['bigint', 9007199254740993n, '{"f":9007199254740993}'],
  ['integer', null, '{"f":null}'],
  ['double precision', -0, '{"f":-0}'],
  [
    'numeric(40,20)',
    '1234567890.12345678901234567890',
    '{"f":1234567890.12345678901234567890,"f-exact":"1234567890.12345678901234567890"}',
  ],
  ['numeric', null, '{"f":null,"f-exact":null}'],
  ['character varying(20)', 'say "hi"\n', '{"f":"say \\"hi\\"\\n"}'],
  ['bytea', Buffer.from('ff00', 'hex'), '{"f":"ff00"}'],
  ['timestamp(3) with time zone', '2026-11-22 07:59:18.719+00', '{"f":"2026-11-22T07:59:18.719Z"}'],
  ['timestamp without time zone', '2026-11-22 07:59:18.719648', '{"f":"2026-11-22T07:59:18.719648"}'],
  ['timestamp with time zone', '0044-03-15 00:00:00+00 BC', '{"f":"-0043-03-15T00:00:00Z"}'],
  ['date', '12026-01-02', '{"f":"+12026-01-02"}'],
  ['time(2) with time zone', '10:00:00.12+05:30', '{"f":"10:00:00.12+05:30"}'],
  ['integer[]', '{1,NULL,{2,3}}', '{"f":[1,null,[2,3]]}'],
  ['text[]', '[0:1]={"a,\\"b",NULL}', '{"f":["a,\\"b",null]}'],
  ['boolean[]', '{t,f}', '{"f":[true,false]}'],
  ['numeric[]', '{1.50,NULL}', '{"f":[1.50,null],"f-exact":["1.50",null]}'],
  ['inet', '192.168.0.5/24', '{"f":"192.168.0.5","f-exact":"192.168.0.5/24"}'],
  ['int4range', '[1,5)', '{"f":{"gte":1,"lt":5},"f-exact":"[1,5)"}'],
  ['int4range', 'empty', '{"f":null,"f-exact":"empty"}'],
  [
    'tstzrange',
    '["2026-01-01 00:00:00+00",)',
    '{"f":{"gte":"2026-01-01T00:00:00Z"},"f-exact":"[\\"2026-01-01 00:00:00+00\\",)"}',
  ],
  ['int8multirange', '{[1,2),[5,)}', '{"f":[{"gte":1,"lt":2},{"gte":5}],"f-exact":"{[1,2),[5,)}"}'],
  [
    'numrange',
    '(1.00000000000000000001,1.00000000000000000002)',
    '{"f":{"gte":1.00000000000000000001,"lte":1.00000000000000000002},"f-exact":"(1.00000000000000000001,1.00000000000000000002)"}',
  ],
  ['jsonb', '{"a": 1}', '{"f":"{\\"a\\": 1}","f-object":{"a": 1}}'],
  ['jsonb', '[1]', '{"f":"[1]"}'],
  ['shop.colour', 'red', '{"f":"red"}'],
]

for (const [type, value, json] of cases) {
  test(`${type} ${typeof value === 'string' ? value : ''} is found by its field, and exact in the document`, () => {
    assert.deepEqual(write(type, value), { json, kept: 0 })
    assert.doesNotThrow(() => void JSON.parse(json))
  })
}

test('a domain is written as the type below it', () => {
  assert.equal(write('public.positive', '42', 'integer').json, '{"f":42}')
  assert.equal(write('public.flag', 't', 'boolean').json, '{"f":true}')
  assert.equal(write('public.bytes', '\\xff', 'bytea').json, '{"f":"ff"}')
  assert.equal(write('public.numbers', '{1,2}', 'integer[]').json, '{"f":[1,2]}')
})

test('what no store can look up is kept as it was printed, and counted', () => {
  assert.deepEqual(write('double precision', NaN), { json: '{"f":null,"f-exact":"NaN"}', kept: 1 })
  assert.deepEqual(write('numeric', 'Infinity'), { json: '{"f":null,"f-exact":"Infinity"}', kept: 1 })
  assert.deepEqual(write('timestamp with time zone', '-infinity'), {
    json: '{"f":null,"f-exact":"-infinity"}',
    kept: 1,
  })
  assert.deepEqual(write('time without time zone', '24:00:00'), {
    json: '{"f":null,"f-exact":"24:00:00"}',
    kept: 1,
  })
  const digits = '9'.repeat(1000)
  assert.deepEqual(write('numeric', digits), { json: `{"f":null,"f-exact":"${digits}"}`, kept: 1 })
})

test('json that a store may refuse as an object is kept as text alone', () => {
  for (const text of [
    `{"a":"${'x'.repeat(40_000)}"}`,
    '{"a":'.repeat(30) + '1' + '}'.repeat(30),
    '{"a":\n1}',
  ])
    assert.equal(write('json', text).json, `{"f":${JSON.stringify(text)}}`)
})

test('what is large goes from bytes to bytes, and stays the same', () => {
  const text = `a "quoted" word, ä and \u{1f600}; `.repeat(10_000)
  const large = new LargeText(Buffer.from(text))
  for (const type of ['text', 'json', 'bit varying']) {
    assert.deepEqual(write(type, large).json, write(type, text).json.replace(/,"f-object".*/, '}'), type)
  }
  const bytes = Buffer.alloc(100_000, 'bytes')
  assert.equal(write('bytea', bytes).json, `{"f":"${bytes.toString('hex')}"}`)
  const array = `{${'1,'.repeat(50_000)}1}`
  assert.equal(write('integer[]', new LargeText(Buffer.from(array))).json, write('integer[]', array).json)
})
