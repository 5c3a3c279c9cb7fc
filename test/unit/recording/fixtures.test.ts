import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordedListener } from '../../../src/recorded-listener.ts'
import type { ChangeEvent, CommitEvent } from '../../../src/wal/event.ts'
import type { OutputPlugin } from '../../../src/wal/plugin-message.ts'
import { rowObject } from '../../../src/wal/row-object.ts'
import { plugins, recordingFile } from '../../fixtures/recordings.ts'
import { inShort } from '../../support/event-in-short.ts'

type Recorded = ChangeEvent | CommitEvent

async function eventsOf(name: string, plugin: OutputPlugin): Promise<Recorded[]> {
  const events: Recorded[] = []
  for await (const event of recordedListener(recordingFile(name, plugin))) events.push(event as Recorded)
  return events
}

/** As fixtures/recordings/shop.sql says, transaction by transaction. */
const shop = [
  ['CREATE SCHEMA'],
  ['CREATE TABLE customers'],
  ['CREATE TABLE products'],
  ['CREATE TABLE orders'],
  ['CREATE TABLE visits'],
  [
    'insert customers 1 Ann ann@example.com',
    'insert customers 2 Zoë 😀 null',
    `insert customers 3 O'Neil "Nan" `,
    'insert products tea Tea 3.50 null',
    'insert products mug Mug 12.00 Hold by the handle.',
  ],
  ['insert orders 9007199254740993 1 2026-01-01 12:00:00.123456+00 15.50'],
  ['update orders 9007199254740993 1 2026-01-01 12:00:00.123456+00 16'],
  ['insert products pot Teapot 29.90 (2560 letters)'],
  ['update products pot Teapot 31.90 …'],
  ['update products pot Teapot 31.90 See the lid.'],
  ['update products mug-blue Mug, blue 12.00 Hold by the handle., was mug'],
  ['insert visits / 2026-01-01 12:00:01+00', 'insert visits /tea null'],
  ['update visits /pot null, was /tea null'],
  ['delete visits / 2026-01-01 12:00:01+00'],
  [
    'ALTER TABLE customers',
    'insert customers 4 Kay null true',
    'ALTER TABLE customers',
    'update customers 4 Kay kay@example.com true',
  ],
  ['ALTER TABLE orders'],
  ['update orders 9007199254740993 1 2026-01-01 12:00:00.123456+00 16.125'],
  ['ALTER TABLE customers'],
  ['delete customers 4'],
  ['insert visits kept null', 'insert visits kept, too null'],
  ['insert orders 2 2 2026-01-02 12:00:01+00 2.000', 'update orders 2 2 2026-01-02 12:00:01+00 2.500'],
  ['insert orders 1 1 2026-01-02 12:00:00+00 1.000', 'update products tea Tea 4.50 null', 'delete orders 1'],
  [
    'message shop: sale begins',
    'update products pot Teapot 15.95 See the lid.',
    'update products mug-blue Mug, blue 6.00 Hold by the handle.',
    'update products tea Tea 2.25 null',
  ],
  ['message shop: door open (alone)', 'truncate customers', 'truncate orders'],
  [
    'insert bestsellers mug-blue Mug, blue',
    'insert bestsellers pot Teapot',
    'insert bestsellers tea Tea',
    'CREATE TABLE AS bestsellers',
  ],
  ['ALTER TABLE favourites'],
  ['DROP TABLE'],
]

for (const plugin of plugins) {
  test(`the shop as ${plugin} recorded it is what its script did`, async () => {
    const told = (await eventsOf('shop', plugin)).map(inShort).join('\n').split('\ncommit')
    assert.deepEqual(
      told
        .map((transaction) => transaction.split('\n').filter((line) => line !== ''))
        .filter((all) => all.length > 0),
      shop,
    )
  })

  test(`of two transactions side by side the shop as ${plugin} recorded it has the later one first`, async () => {
    const events = (await eventsOf('shop', plugin)).filter((event) => 'lsn' in event)
    const insertOf = (id: bigint): ChangeEvent =>
      events.find(
        (event) => event.kind === 'insert' && event.relation.table === 'orders' && event.values[0] === id,
      )!
    const [earlier, later] = [insertOf(1n), insertOf(2n)]
    assert.ok(earlier.lsn < later.lsn && earlier.xid < later.xid)
    assert.ok(earlier.commitLsn > later.commitLsn && earlier.commitTime > later.commitTime)
    assert.ok(events.indexOf(earlier) > events.indexOf(later))
  })
}

/** What is compared of an event: all but the oids of types and tables, which wal2json need not know. */
function comparable(event: Recorded): unknown {
  if (!('relation' in event)) return event
  const { relation, ...rest } = event
  const row = 'values' in event ? rowObject(relation, event.values) : null
  const old = 'old' in event && event.old ? rowObject(relation, event.old) : null
  if (event.kind === 'schema-change') return { ...rest, values: null }
  return { ...rest, table: `${relation.schema}.${relation.table}`, values: row, old }
}

test('both plugins tell the same of the shop', async () => {
  const [pgoutput, wal2json] = await Promise.all(plugins.map((plugin) => eventsOf('shop', plugin)))
  assert.deepEqual(wal2json!.map(comparable), pgoutput!.map(comparable))
})

test('both plugins tell the same of every type, but for numbers that are none, and generated columns', async () => {
  const [pgoutput, wal2json] = await Promise.all(plugins.map((plugin) => eventsOf('types', plugin)))
  assert.equal(wal2json!.length, pgoutput!.length)
  const differences = pgoutput!.flatMap((event, i) => {
    const other = wal2json![i]!
    if (event.kind !== 'insert' && event.kind !== 'update') {
      assert.deepEqual(comparable(other), comparable(event))
      return []
    }
    assert.ok(other.kind === event.kind)
    const [row, otherRow] = [rowObject(event.relation, event.values), rowObject(other.relation, other.values)]
    return [...new Set([...Object.keys(row), ...Object.keys(otherRow)])].flatMap((name) => {
      const [value, otherValue] = [row[name], otherRow[name]]
      const isSame = Buffer.isBuffer(value)
        ? value.equals(otherValue as Buffer)
        : Object.is(value, otherValue)
      return isSame ? [] : [`${event.kind} ${name}: ${String(value)}, ${String(otherValue)}`]
    })
  })
  const notNumbers = ['not_a_number: NaN', 'endless: -Infinity', 'nan: NaN', 'infinite: -Infinity']
  assert.deepEqual(differences, [
    ...notNumbers.map((each) => `insert ${each}, null`),
    'insert doubled: undefined, 5.00',
    ...notNumbers.map((each) => `update ${each}, null`),
  ])
})
