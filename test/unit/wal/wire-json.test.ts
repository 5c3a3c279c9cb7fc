import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangeEvent, Translation } from '../../../src/wal/event.ts'
import { lsn } from '../../../src/wal/lsn.ts'
import type { Column, Relation } from '../../../src/wal/relation.ts'
import { WireJsonReader } from '../../../src/wal/read-wire-json.ts'
import { unchangedToast } from '../../../src/wal/value.ts'
import type { Value } from '../../../src/wal/value.ts'
import { encodeWireJson } from '../../../src/wal/wire-json.ts'
import { insert, users } from '../../support/events.ts'

const change = {
  commitLsn: lsn(0x15722f8n),
  ordinal: 2,
  lsn: lsn(0x15722d0n),
  xid: 744,
  commitTime: 1_795_334_358_719_648,
  position: null,
  translation: null,
} as const
const noMetadata =
  '"metadata":{"schema_id":null,"table_pgstream_id":"","id_col_pgstream_id":null,"version_col_pgstream_id":""}'
const head = '"timestamp":"2026-11-22 07:59:18.719648+00","lsn":"0/15722D0","schema":"public","table":"users"'
const tail = '"commit_lsn":"0/15722F8","ordinal":2,"xid":744'
const id = (value: string): string => `{"id":"","name":"id","type":"integer","value":${value}}`
const name = (value: string): string => `{"id":"","name":"name","type":"text","value":${value}}`

const golden: readonly (readonly [what: string, event: ChangeEvent, json: string])[] = [
  [
    'an insert',
    { kind: 'insert', relation: users, values: [1, 'Ann'], ...change },
    `{"action":"I",${head},"columns":[${id('1')},${name('"Ann"')}],"identity":null,${noMetadata},${tail}}`,
  ],
  [
    'an update that keeps the key has the key as its identity',
    { kind: 'update', relation: users, values: [1, 'Bob'], old: null, ...change },
    `{"action":"U",${head},"columns":[${id('1')},${name('"Bob"')}],"identity":[${id('1')}],${noMetadata},${tail}}`,
  ],
  [
    'a key change has the old key as its identity',
    { kind: 'update', relation: users, values: [2, 'Bob'], old: [1, null], ...change },
    `{"action":"U",${head},"columns":[${id('2')},${name('"Bob"')}],"identity":[${id('1')}],${noMetadata},${tail}}`,
  ],
  [
    'an update that left a large value alone names the column and leaves it out',
    { kind: 'update', relation: users, values: [1, unchangedToast], old: null, ...change },
    `{"action":"U",${head},"columns":[${id('1')}],"identity":[${id('1')}],${noMetadata},${tail},"unchanged_toast":["name"]}`,
  ],
  [
    'a delete',
    { kind: 'delete', relation: users, old: [1, null], ...change },
    `{"action":"D",${head},"columns":null,"identity":[${id('1')}],${noMetadata},${tail}}`,
  ],
  [
    'a truncate',
    { kind: 'truncate', relation: users, ...change },
    `{"action":"T",${head},"columns":null,"identity":null,${noMetadata},${tail}}`,
  ],
  [
    'a message of text',
    {
      kind: 'message',
      transactional: true,
      prefix: 'a "b"',
      content: Buffer.from('Zoë\n'),
      ...change,
    },
    `{"action":"M","timestamp":"2026-11-22 07:59:18.719648+00","lsn":"0/15722D0","schema":"","table":"","columns":null,` +
      `"identity":null,${noMetadata},"transactional":true,"prefix":"a \\"b\\"","content":"Zoë\\n",${tail}}`,
  ],
  [
    'a message of bytes outside of transactions has no time',
    {
      kind: 'message',
      transactional: false,
      prefix: '',
      content: Buffer.from([0xff, 0x00]),
      ...change,
      commitLsn: change.lsn,
      ordinal: 0,
      xid: 0,
      commitTime: 0,
    },
    `{"action":"M","timestamp":"","lsn":"0/15722D0","schema":"","table":"","columns":null,"identity":null,${noMetadata},` +
      `"transactional":false,"prefix":"","content_base64":"/wA=","commit_lsn":"0/15722D0","ordinal":0,"xid":0}`,
  ],
]

for (const [what, event, json] of golden) {
  test(`the JSON of ${what}`, () => {
    assert.equal(encodeWireJson(event), json)
    JSON.parse(json)
  })
}

const full: Relation = {
  ...users,
  replicaIdentity: 'full',
  columns: users.columns.map((c) => ({ ...c, key: true })),
}
const keyless: Relation = { ...users, columns: users.columns.map((c) => ({ ...c, key: false })) }

test('what an update left alone keeps the id that a translator gave it, on the way through JSON', () => {
  const translation: Translation = {
    schemaId: 's',
    tableId: 't',
    columnIds: ['t-1', 't-2'],
    identityColumnIds: ['t-1'],
    versionColumnId: '',
  }
  const json = encodeWireJson({
    kind: 'update',
    relation: users,
    values: [1, unchangedToast],
    old: null,
    ...change,
    translation,
  })
  assert.match(json, /"unchanged_toast":\["name"\],"unchanged_toast_ids":\["t-2"\]\}$/)
  const back = new WireJsonReader().read(json, null)
  assert.deepEqual(back.translation, translation)
  assert.equal(encodeWireJson(back), json)
})

test('under REPLICA IDENTITY FULL the identity is the whole old row', () => {
  const json = encodeWireJson({ kind: 'update', relation: full, values: [1, 'b'], old: [1, null], ...change })
  assert.ok(json.includes(`"identity":[${id('1')},${name('null')}]`), json)
})

test('a table without any key has no identity', () => {
  const json = encodeWireJson({ kind: 'update', relation: keyless, values: [1, 'b'], old: null, ...change })
  assert.ok(json.includes('"identity":null'), json)
})

test('a table without columns has an empty list of them', () => {
  const relation: Relation = { ...users, columns: [] }
  assert.match(encodeWireJson({ ...insert(1), relation, values: [] }), /"columns":\[\]/)
})

/** The text of one column's value in the JSON of a row. */
function valueText(type: string, value: Value): string {
  const column: Column = { name: 'v', type, typeOid: 0, key: false }
  const json = encodeWireJson({ ...insert(1), relation: { ...users, columns: [column] }, values: [value] })
  JSON.parse(json)
  const match = /"value":(.*)\}\],"identity"/s.exec(json)
  assert.ok(match, json)
  return match[1]!
}

test('numbers are bare and have every digit', () => {
  const digits = '1234567890123456789012345678901234567890'
  for (const [type, value, text] of [
    ['bigint', 9_223_372_036_854_775_807n, '9223372036854775807'],
    ['bigint', -9_223_372_036_854_775_808n, '-9223372036854775808'],
    ['integer', -5, '-5'],
    ['double precision', 0.1, '0.1'],
    ['double precision', -0, '-0'],
    ['double precision', 1e300, '1e+300'],
    ['double precision', 5e-324, '5e-324'],
    ['numeric', digits, digits],
    ['numeric(50,10)', `-${digits}.1234567890`, `-${digits}.1234567890`],
    ['numeric(10,2)', '12.50', '12.50'],
    ['numeric', '0', '0'],
  ] as const) {
    assert.equal(valueText(type, value), text)
  }
})

test('NaN and infinities are strings', () => {
  for (const word of ['NaN', 'Infinity', '-Infinity']) {
    assert.equal(valueText('numeric', word), `"${word}"`)
    assert.equal(valueText('double precision', Number(word)), `"${word}"`)
  }
})

test('the text of an array of numerics, or of a domain, stays text', () => {
  assert.equal(valueText('numeric[]', '{1,2}'), '"{1,2}"')
  assert.equal(valueText('numeric(10,2)[]', '{}'), '"{}"')
  assert.equal(valueText('public.numeric', '5'), '"5"')
})

test('bytea is hexadecimal without a prefix', () => {
  assert.equal(valueText('bytea', Buffer.from([0, 0xde, 0xad])), '"00dead"')
  assert.equal(valueText('bytea', Buffer.alloc(0)), '""')
})

test('booleans and nulls are those of JSON', () => {
  assert.deepEqual(
    [true, false, null].map((value) => valueText('boolean', value)),
    ['true', 'false', 'null'],
  )
})

test('any text comes back as it was, on one line', () => {
  const controls = Array.from({ length: 0x20 }, (_, i) => String.fromCharCode(i)).join('')
  for (const text of [
    '',
    '"\\/',
    controls,
    '\u007f\u0085\u2028\u2029\ufeff',
    'Zoë \u{1f600}',
    '</script>',
    '{"a":[1]}',
  ]) {
    const json = valueText('text', text)
    assert.equal(JSON.parse(json), text)
    assert.doesNotMatch(json, /[\n\r]/)
  }
})

test('names are escaped, too', () => {
  const odd = 'a"b\\c\n'
  const relation: Relation = {
    ...users,
    schema: odd,
    table: odd,
    columns: [{ name: odd, type: odd, typeOid: 0, key: true }],
  }
  const event: ChangeEvent = { kind: 'update', relation, values: [unchangedToast], old: ['x'], ...change }
  const json = JSON.parse(encodeWireJson(event)) as Record<string, unknown>
  assert.equal(json['schema'], odd)
  assert.equal(json['table'], odd)
  assert.deepEqual(json['identity'], [{ id: '', name: odd, type: odd, value: 'x' }])
  assert.deepEqual(json['unchanged_toast'], [odd])
})

test("what the translator added is in its place, and another event's translation is not", () => {
  const translation: Translation = {
    schemaId: 'dc1a1lgs192iniofa5kg',
    tableId: 'dc1a1lgs192iniofa5l0',
    columnIds: ['dc1a1lgs192iniofa5l0-1', 'dc1a1lgs192iniofa5l0-2'],
    identityColumnIds: ['dc1a1lgs192iniofa5l0-1'],
    versionColumnId: '',
  }
  const plain = encodeWireJson(insert(1))
  const json = JSON.parse(encodeWireJson({ ...insert(1), translation })) as {
    columns: { id: string }[]
    metadata: unknown
  }
  assert.deepEqual(
    json.columns.map((column) => column.id),
    translation.columnIds,
  )
  assert.deepEqual(json.metadata, {
    schema_id: translation.schemaId,
    table_pgstream_id: translation.tableId,
    id_col_pgstream_id: translation.identityColumnIds,
    version_col_pgstream_id: '',
  })
  assert.equal(encodeWireJson(insert(1)), plain)
})

test('a row that a backfill read is marked, and has the time when it was read', () => {
  const event: ChangeEvent = { ...insert(1), xid: 0, snapshot: true }
  assert.match(encodeWireJson(event), /^\{"action":"I","timestamp":"2026-.*,"xid":0,"snapshot":true\}$/)
  assert.doesNotMatch(encodeWireJson(insert(1)), /snapshot/)
})
