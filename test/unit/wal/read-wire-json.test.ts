import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { recordedListener } from '../../../src/recorded-listener.ts'
import type { ChangeEvent, WalEvent } from '../../../src/wal/event.ts'
import { isPositionOnly } from '../../../src/wal/event.ts'
import { WireJsonReader } from '../../../src/wal/read-wire-json.ts'
import { unchangedToast } from '../../../src/wal/value.ts'
import { encodeWireJson } from '../../../src/wal/wire-json.ts'

const recordings = ['shop.pgoutput', 'shop.wal2json', 'types.pgoutput', 'types.wal2json']

async function recorded(name: string): Promise<ChangeEvent[]> {
  const events: ChangeEvent[] = []
  for await (const event of recordedListener(`fixtures/recordings/${name}.rec`) as AsyncIterable<WalEvent>) {
    if (!isPositionOnly(event)) events.push(event)
  }
  return events
}

const read = (json: string): ChangeEvent => new WireJsonReader().read(json, null)

/** The values that count, by name: of an old row those of its key. */
function rows(event: ChangeEvent): unknown {
  if (!('relation' in event)) return null
  const byName = (row: readonly unknown[] | null, only: (key: boolean) => boolean): unknown =>
    row &&
    event.relation.columns
      .flatMap(({ name, key }, i) => (only(key) ? [[name, row[i]]] : []))
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
  return {
    new: 'values' in event ? byName(event.values, () => true) : null,
    old: 'old' in event ? byName(event.old, (key) => key) : null,
  }
}

const insert = (columns: string): string =>
  `{"action":"I","timestamp":"2026-11-22 07:59:18.71+00","lsn":"0/1F","schema":"public","table":"t","columns":[${columns}],"identity":null}`

const withField = (field: string): string => insert('').replace(/\}$/, `,${field}}`)

describe('reading wire JSON', () => {
  for (const name of recordings) {
    test(`${name}: what is read back is what was written, value by value, and is written the same again`, async () => {
      const reader = new WireJsonReader()
      const events = await recorded(name)
      assert.ok(events.length > 10)
      for (const event of events) {
        const json = encodeWireJson(event)
        const back = reader.read(json, null)
        assert.equal(encodeWireJson(back), json)
        assert.equal(back.kind, event.kind)
        for (const field of ['commitLsn', 'ordinal', 'lsn', 'xid', 'commitTime'] as const) {
          assert.equal(back[field], event[field], field)
        }
        if (event.kind === 'update' && event.old === null) continue // its identity is made of the new row
        assert.deepEqual(rows(back), rows(event))
      }
    })
  }

  test('numbers keep every digit, and nothing within a string is taken for one', () => {
    const text = '"value":12345678901234567890, {"value":1.50}'
    const event = read(
      insert(
        [
          '{"id":"","name":"big","type":"bigint","value":-9007199254740993}',
          '{"id":"","name":"exact","type":"numeric(60,20)","value":1234567890123456789012345678901234567890.50}',
          '{"id":"","name":"float","type":"double precision","value":-0}',
          '{"id":"","name":"none","type":"real","value":"NaN"}',
          `{"id":"","name":"\\"value\\":7","type":"text","value":${JSON.stringify(text)}}`,
        ].join(','),
      ),
    )
    assert.equal(event.kind, 'insert')
    const { values, relation } = event
    const expected = [-9007199254740993n, '1234567890123456789012345678901234567890.50', -0, NaN, text]
    for (const [i, value] of expected.entries()) assert.ok(Object.is(values[i], value), String(i))
    assert.equal(relation.columns[4]!.name, '"value":7')
  })

  test('rows of one shape share their relation, and a new shape of the same table has another', () => {
    const reader = new WireJsonReader()
    const relationOf = (columns: string): unknown => {
      const event = reader.read(insert(columns), null)
      return 'relation' in event && event.relation
    }
    const a = '{"id":"1","name":"a","type":"integer","value":1}'
    const first = relationOf(a)
    assert.equal(relationOf(a.replace('"value":1', '"value":2')), first)
    const widened = relationOf(a.replace('integer', 'bigint'))
    assert.notEqual(widened, first)
    assert.equal(relationOf(a), first)
  })

  test('columns that an update did not touch are known by name, in a full identity with their values', () => {
    const update = (identity: string): string =>
      `{"action":"U","timestamp":"2026-11-22 07:59:18+00","lsn":"0/1F","schema":"public","table":"t","columns":[{"id":"","name":"id","type":"integer","value":1},{"id":"","name":"n","type":"text","value":"x"}],"identity":[${identity}],"commit_lsn":"0/2F","ordinal":3,"xid":9,"unchanged_toast":["large"]}`
    const id = '{"id":"","name":"id","type":"integer","value":1}'
    const large = '{"id":"","name":"large","type":"text","value":"L"}'
    const n = '{"id":"","name":"n","type":"text","value":"w"}'
    const keyed = read(update(id)) as Extract<ChangeEvent, { kind: 'update' }>
    assert.deepEqual(
      keyed.relation.columns.map(({ name }) => name),
      ['id', 'n', 'large'],
    )
    assert.deepEqual(keyed.values, [1, 'x', unchangedToast])
    const full = read(update(`${id},${large},${n}`)) as Extract<ChangeEvent, { kind: 'update' }>
    assert.deepEqual(
      full.relation.columns.map(({ name }) => name),
      ['id', 'large', 'n'],
    )
    assert.deepEqual(full.values, [1, unchangedToast, 'x'])
    assert.deepEqual(full.old, [1, 'L', 'w'])
  })

  test('a row that a backfill read is still known as such', () => {
    const marked = read(insert('').replace(/\}$/, ',"snapshot":true}'))
    assert.equal(marked.kind === 'insert' && marked.snapshot, true)
    assert.ok(!('snapshot' in read(insert(''))))
  })

  test('what the original pgstream wrote can be read: it has neither commit_lsn nor ordinal', () => {
    const event = read(
      '{"action":"D","timestamp":"2026-11-22 08:59:18.722256+01","lsn":"0/1572720","schema":"public","table":"users","columns":null,"identity":[{"id":"x-1","name":"id","type":"integer","value":1}],"metadata":{"schema_id":"s","table_pgstream_id":"x","id_col_pgstream_id":["x-1"],"version_col_pgstream_id":""}}',
    )
    assert.equal(event.commitLsn, 0x1572720n)
    assert.equal(event.commitTime, Date.UTC(2026, 10, 22, 7, 59, 18) * 1000 + 722_256)
    assert.deepEqual(event.translation, {
      schemaId: 's',
      tableId: 'x',
      columnIds: ['x-1'],
      identityColumnIds: ['x-1'],
      versionColumnId: '',
    })
  })

  for (const [what, json] of [
    ['no JSON', 'secret'],
    ['a list', '[1,"secret"]'],
    ['no object', '"secret"'],
    ['without LSN', insert('').replace('0/1F', 'secret')],
    ['of another action', insert('').replace('"I"', '"secret"')],
    ['without time stamp', insert('').replace('2026-11-22', 'secret')],
    ['without table', insert('').replace('"table":"t"', '"table":null')],
    ['a row without row', insert('').replace('"columns":[]', '"columns":null')],
    ['a bad bigint', insert('{"name":"a","type":"bigint","value":"secret"}')],
    ['a bad number', insert('{"name":"a","type":"integer","value":"secret"}')],
    ['a bad bytea', insert('{"name":"a","type":"bytea","value":"secret"}')],
    ['an object as value', insert('{"name":"a","type":"text","value":{"secret":1}}')],
    ['a column without type', insert('{"name":"a","value":"secret"}')],
    ['a list of columns with none in it', insert('null')],
    ['an old row that is none', insert('').replace('"identity":null', '"identity":"secret"')],
    ['of a time that there is not', insert('').replace('2026-11-22', '999999-11-22')],
    ['with a place that is no number', withField('"ordinal":"secret"')],
    ['of a transaction that is no number', withField('"xid":["secret"]')],
    ['with ids that are no list', withField('"metadata":{"id_col_pgstream_id":{"secret":1}}')],
    ['without a list of what an update left alone', withField('"unchanged_toast":"secret"')],
  ] as const) {
    test(`a message that is ${what} is a TypeError that shows nothing of it`, () => {
      assert.throws(
        () => read(json),
        (error: Error) =>
          error instanceof TypeError && !/secret/.test(`${String(error.stack)}${String(error.cause)}`),
      )
    })
  }
})
