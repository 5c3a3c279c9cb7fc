import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangeEvent, Translation } from '../../../src/wal/event.ts'
import { lsn } from '../../../src/wal/lsn.ts'
import type { Relation } from '../../../src/wal/relation.ts'
import { unchangedToast } from '../../../src/wal/value.ts'
import type { Row, Value } from '../../../src/wal/value.ts'
import { writeRow } from '../../../src/wal/wire-bytes.ts'
import { encodeWireJson, encodeWireJsonBytes } from '../../../src/wal/wire-json.ts'
import { users } from '../../support/events.ts'
import { randomFrom } from '../../support/workload/random.ts'

const random = randomFrom(7)
const characters = [
  'a',
  'é',
  '✓',
  '😀',
  '"',
  '\\',
  '\n',
  '\0',
  '\x1f',
  '\x7f',
  '\x80',
  '\ud800',
  '\udc00',
  ' ',
  '/',
]
const integers = [
  0,
  -0,
  1,
  -1,
  9,
  10,
  99,
  100,
  999_999_999,
  1e9,
  1_000_000_001,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  1e15,
]
const limits = [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 2 ** 53, 1e21, -1e21]
const others = [0.1, -0.5, 1e-7, 1e300, NaN, Infinity, -Infinity, 5e-324]
const bigints = [
  0n,
  -1n,
  9_007_199_254_740_991n,
  9_007_199_254_740_993n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  1_000_000_000_000n,
]

const text = (): string =>
  Array.from({ length: random.pick([0, 1, 5, 40, 199, 200, 201, 400]) }, () =>
    random.chance(0.95) ? String.fromCharCode(32 + random.int(95)) : random.pick(characters),
  ).join('')

const value = (): Value =>
  random.pick<() => Value>([
    () => null,
    () => random.chance(0.5),
    () => random.pick([...integers, ...limits, ...others]),
    () => random.int(1e9) * (random.chance(0.5) ? 1 : 1e6),
    () => random.pick(bigints),
    text,
    () => 'plain',
    () => random.pick(['1.50', '-0.001', 'NaN', 'Infinity', '-Infinity', '123456789012345678901234567890.5']),
  ])()

const types = ['integer', 'numeric', 'numeric(10,2)', 'text', 'bigint', 'numeric[]', 'double precision']

function relation(columns: number, keys: number): Relation {
  return {
    ...users,
    schema: random.pick(['public', 'Größe "x"']),
    columns: Array.from({ length: columns }, (_, i) => ({
      ...users.columns[0]!,
      name: random.pick(['id', 'name ✓', `"${i}"`]),
      type: random.pick(types),
      key: i < keys,
    })),
  }
}

function translationOf({ columns }: Relation): Translation {
  const columnIds = columns.map((_, i) => `table-${i}`)
  return {
    schemaId: 'schema',
    tableId: 'table',
    columnIds,
    identityColumnIds: columnIds.slice(0, 1),
    versionColumnId: '',
  }
}

const shapes = Array.from({ length: 40 }, (_, i) => {
  const shape = relation(i % 8 === 0 ? i : random.int(12), random.int(3))
  return { relation: shape, translation: random.chance(0.5) ? translationOf(shape) : null }
})

function event(): ChangeEvent {
  const { relation: shape, translation } = random.pick(shapes)
  const row = (): Row => shape.columns.map(value)
  const common = {
    commitLsn: lsn(BigInt(random.int(2 ** 30)) << 8n),
    ordinal: random.pick([-1, 0, 7, 1_234_567]),
    lsn: lsn(BigInt(random.int(2 ** 30)) << 4n),
    xid: random.pick([0, 744, 4_294_967_295]),
    commitTime: random.pick([0, 1_795_334_358_719_648, 1_795_334_358_000_000]),
    position: null,
    translation,
    relation: shape,
  }
  return random.pick<() => ChangeEvent>([
    () => ({ kind: 'insert', ...common, values: row() }),
    () => ({ kind: 'insert', ...common, values: row(), snapshot: true }),
    () => ({ kind: 'update', ...common, values: row(), old: random.chance(0.5) ? row() : null }),
    () => ({ kind: 'delete', ...common, old: row() }),
  ])()
}

test('what is written as bytes is what the text says, whatever the values are', () => {
  let written = 0
  for (let n = 0; n < 5_000; n++) {
    const change = event()
    const [before, after] = random.pick([
      ['', ''],
      ['', '\n'],
      ['{"Data":', '}'],
      ['✓', '✓'],
    ])
    const bytes = encodeWireJsonBytes(change, before, after)
    if (writeRow(change, before, after) !== null) written++
    assert.equal(bytes.toString(), Buffer.from(before + encodeWireJson(change) + after).toString())
  }
  assert.ok(written > 4_900, `${written} rows were ordinary`)
})

test('what was written does not change when more is', () => {
  const changes = Array.from({ length: 2_000 }, event)
  const all = changes.map((change) => encodeWireJsonBytes(change))
  for (const [i, bytes] of all.entries())
    assert.equal(bytes.toString(), Buffer.from(encodeWireJson(changes[i]!)).toString())
})

test('rows that are not ordinary are left to the text', () => {
  const [shape] = shapes.filter(({ relation: { columns } }) => columns.length === 8)
  const of = (last: Value): ChangeEvent => ({
    kind: 'insert',
    ...{ commitLsn: lsn(1n), ordinal: 0, lsn: lsn(1n), xid: 1, commitTime: 0, position: null },
    ...shape!,
    values: [...Array.from({ length: 7 }, () => 1), last],
  })
  assert.notEqual(writeRow(of(1), '', ''), null)
  const lasts: readonly Value[] = [Buffer.from('ab'), unchangedToast, 'x'.repeat(1_000_000)]
  for (const last of lasts) assert.equal(writeRow(of(last), '', ''), null)
})
