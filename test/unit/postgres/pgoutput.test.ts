import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgoutputDecoder } from '../../../src/postgres/pgoutput.ts'
import { slotPosition } from '../../../src/postgres/slot-position.ts'
import type { ChangeEvent, CommitEvent } from '../../../src/wal/event.ts'
import { lsn } from '../../../src/wal/lsn.ts'
import { unchangedToast } from '../../../src/wal/value.ts'
import { users as usersRelation } from '../../support/events.ts'
import * as bytes from '../../support/pgoutput-bytes.ts'
import { tuple, unchanged } from '../../support/pgoutput-bytes.ts'

type Emitted = ChangeEvent | CommitEvent

/** Decodes messages one after the other, each at its own LSN: 0x10, 0x20, … */
function decode(...messages: Buffer[]): Emitted[] {
  const events: Emitted[] = []
  const decoder = new PgoutputDecoder((event) => events.push(event))
  for (const [i, message] of messages.entries()) decoder.decode(message, lsn(BigInt(i + 1) * 0x10n))
  return events
}

const users = bytes.relation([
  { name: 'id', oid: 23, key: true },
  { name: 'name', oid: 25 },
])
/** 2026-11-22 07:59:18.719648+00, counted from 2000 and from 1970. */
const micros = 848_649_558_719_648n
const commitTime = 1_795_334_358_719_648
const transaction = { lsn: 0x200n, endLsn: 0x240n, micros, xid: 0xffff_ffff | 0 }
const place = { commitLsn: 0x200n, xid: 0xffff_ffff, commitTime, position: null, translation: null }

test('a transaction gives its changes in order, then its commit with the position after it', () => {
  const events = decode(
    bytes.begin(transaction),
    users,
    bytes.insert(tuple('1', 'Ann')),
    bytes.update(tuple('1', 'Bob')),
    bytes.update(tuple('2', 'Bob'), { key: tuple('1', null) }),
    bytes.remove({ key: tuple('2', null) }),
    bytes.commit(transaction),
  )
  const relation = usersRelation
  assert.deepEqual(events, [
    { kind: 'insert', relation, values: [1, 'Ann'], ...place, ordinal: 0, lsn: 0x30n },
    { kind: 'update', relation, values: [1, 'Bob'], old: null, ...place, ordinal: 1, lsn: 0x40n },
    { kind: 'update', relation, values: [2, 'Bob'], old: [1, null], ...place, ordinal: 2, lsn: 0x50n },
    { kind: 'delete', relation, old: [2, null], ...place, ordinal: 3, lsn: 0x60n },
    {
      kind: 'commit',
      commitLsn: 0x200n,
      xid: 0xffff_ffff,
      commitTime,
      position: slotPosition(lsn(0x240n)),
    },
  ])
})

test('all rows of one shape share one relation object, and a new description makes a new one', () => {
  const wider = bytes.relation([
    { name: 'id', oid: 23, key: true },
    { name: 'name', oid: 25 },
    { name: 'born', oid: 1082 },
  ])
  const events = decode(
    bytes.begin(),
    users,
    bytes.insert(tuple('1', 'a')),
    bytes.insert(tuple('2', 'b')),
    wider,
    bytes.insert(tuple('3', 'c', '2000-02-29')),
  )
  const relations = events.map((event) => ('relation' in event ? event.relation : null))
  assert.equal(relations[0], relations[1])
  assert.deepEqual(
    relations.map((relation) => relation?.columns.length),
    [2, 2, 3],
  )
})

test('each letter of a replica identity is understood', () => {
  for (const [letter, identity] of [
    ['d', 'default'],
    ['i', 'index'],
    ['f', 'full'],
    ['n', 'nothing'],
  ] as const) {
    const [event] = decode(bytes.begin(), bytes.relation([], { identity: letter }), bytes.insert(tuple()))
    assert.ok(event?.kind === 'insert')
    assert.equal(event.relation.replicaIdentity, identity)
    assert.deepEqual(event.values, [])
  }
})

test('a large value that an update left alone is not null', () => {
  const [event] = decode(bytes.begin(), users, bytes.update(tuple('1', unchanged)))
  assert.ok(event?.kind === 'update')
  assert.deepEqual(event.values, [1, unchangedToast])
})

test('a large value that an update left alone is taken from a whole old row', () => {
  const [event] = decode(
    bytes.begin(),
    users,
    bytes.update(tuple('2', unchanged), { whole: tuple('1', 'large') }),
  )
  assert.ok(event?.kind === 'update')
  assert.deepEqual(event.values, [2, 'large'])
  assert.deepEqual(event.old, [1, 'large'])
})

test('a large key that an update left alone is taken from the old key, other columns are not', () => {
  const textKey = bytes.relation([
    { name: 'code', oid: 25, key: true },
    { name: 'body', oid: 25 },
    { name: 'count', oid: 23 },
  ])
  const [event] = decode(
    bytes.begin(),
    textKey,
    bytes.update(tuple(unchanged, unchanged, '2'), { key: tuple('large', null, null) }),
  )
  assert.ok(event?.kind === 'update')
  assert.deepEqual(event.values, ['large', unchangedToast, 2])
  assert.deepEqual(event.old, ['large', null, null])
})

test('a delete under REPLICA IDENTITY FULL has the whole old row', () => {
  const [event] = decode(bytes.begin(), users, bytes.remove({ whole: tuple('1', 'Ann') }))
  assert.ok(event?.kind === 'delete')
  assert.deepEqual(event.old, [1, 'Ann'])
})

test('TRUNCATE of several tables gives one event each, with the same LSN and rising ordinals', () => {
  const other = bytes.relation([], { oid: 16_500, table: 'orders' })
  const events = decode(bytes.begin(transaction), users, other, bytes.truncate([16_400, 16_500], 3))
  assert.deepEqual(
    events.map((event) => event.kind === 'truncate' && [event.relation.table, event.lsn, event.ordinal]),
    [
      ['users', 0x40n, 0],
      ['orders', 0x40n, 1],
    ],
  )
})

test('a transactional message belongs to its transaction and has the LSN that it says', () => {
  const content = Buffer.from([0, 0xff, 0x0a])
  const [event] = decode(bytes.begin(transaction), bytes.message('p', content, { lsn: 0x188n }))
  assert.deepEqual(event, {
    kind: 'message',
    transactional: true,
    prefix: 'p',
    content,
    ...place,
    ordinal: 0,
    lsn: 0x188n,
  })
})

test('a message outside of transactions has a name that no commit record can have', () => {
  const [event] = decode(bytes.message('', Buffer.alloc(0), { transactional: false, lsn: 0x188n }))
  assert.deepEqual(event, {
    kind: 'message',
    transactional: false,
    prefix: '',
    content: Buffer.alloc(0),
    commitLsn: 0x187n,
    ordinal: 0,
    lsn: 0x188n,
    xid: 0,
    commitTime: 0,
    position: null,
    translation: null,
  })
})

test('what was decoded does not change when the bytes it came from are overwritten', () => {
  const bytea = bytes.relation([
    { name: 'a', oid: 25 },
    { name: 'b', oid: 17 },
  ])
  const messages = [
    bytes.begin(),
    bytea,
    bytes.insert(tuple('kept', '\\xcafe')),
    bytes.message('prefix', Buffer.from('content')),
  ]
  const events = decode(...messages)
  for (const each of messages) each.fill(0x58)
  const [row, message] = events
  assert.ok(row?.kind === 'insert' && message?.kind === 'message')
  assert.deepEqual(row.values, ['kept', Buffer.from('cafe', 'hex')])
  assert.deepEqual([message.prefix, message.content.toString()], ['prefix', 'content'])
})

test('between Begin and Commit the decoder is in a transaction', () => {
  const decoder = new PgoutputDecoder(() => undefined)
  assert.equal(decoder.inTransaction, false)
  decoder.decode(bytes.begin(), lsn(1n))
  assert.equal(decoder.inTransaction, true)
  decoder.decode(bytes.commit(), lsn(2n))
  assert.equal(decoder.inTransaction, false)
})

test('ordinals begin anew with each transaction', () => {
  const events = decode(
    bytes.begin(),
    users,
    bytes.insert(tuple('1', 'a')),
    bytes.insert(tuple('2', 'b')),
    bytes.commit(),
    bytes.begin({ lsn: 0x300n }),
    bytes.insert(tuple('3', 'c')),
  )
  assert.deepEqual(
    events.flatMap((event) => (event.kind === 'insert' ? [[event.commitLsn, event.ordinal]] : [])),
    [
      [0x100n, 0],
      [0x100n, 1],
      [0x300n, 0],
    ],
  )
})
