import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgstreamError } from '../../../src/errors.ts'
import { PgoutputDecoder } from '../../../src/postgres/pgoutput.ts'
import type { WalEvent } from '../../../src/wal/event.ts'
import { lsn } from '../../../src/wal/lsn.ts'
import * as bytes from '../../support/pgoutput-bytes.ts'
import { tuple, unchanged } from '../../support/pgoutput-bytes.ts'

const protocolError = { name: 'PgstreamError', code: 'PGSTREAM_PROTOCOL' }

const users = bytes.relation([
  { name: 'id', oid: 23, key: true },
  { name: 'name', oid: 25 },
])
const orders = bytes.relation([], { oid: 16_500, table: 'orders' })

/** Whether rows stay as Postgres printed them: what is wrong with a message is said at once in both ways. */
const ways = [false, true]

/** In the middle of a transaction, two tables known. */
function decoding(isPrinted = false): { decoder: PgoutputDecoder; events: WalEvent[] } {
  const events: WalEvent[] = []
  const decoder = new PgoutputDecoder((event) => events.push(event), undefined, isPrinted)
  for (const message of [bytes.begin(), users, orders]) decoder.decode(message, lsn(1n))
  return { decoder, events }
}

const messages: Readonly<Record<string, Buffer>> = {
  Begin: bytes.begin(),
  Commit: bytes.commit(),
  Origin: bytes.origin(),
  Type: bytes.type(16_600, 'public', 'mood'),
  Relation: users,
  Insert: bytes.insert(tuple('1', 'Ann')),
  'Insert of nulls': bytes.insert(tuple(null, null)),
  Update: bytes.update(tuple('1', unchanged)),
  'Update of the key': bytes.update(tuple('1', 'Ann'), { key: tuple('1', null) }),
  'Update with the old row': bytes.update(tuple('1', 'Ann'), { whole: tuple('1', 'Bob') }),
  Delete: bytes.remove({ key: tuple('1', null) }),
  'Delete with the old row': bytes.remove({ whole: tuple('1', 'Ann') }),
  Truncate: bytes.truncate([16_400, 16_500]),
  Message: bytes.message('prefix', Buffer.from('content')),
}

for (const [name, whole] of Object.entries(messages)) {
  test(`${name} cut at any byte is a protocol error and no event`, () => {
    for (const isPrinted of ways) {
      for (let length = 0; length < whole.length; length++) {
        const { decoder, events } = decoding(isPrinted)
        const cut = whole.subarray(0, length)
        assert.throws(() => decoder.decode(cut, lsn(2n)), protocolError, `cut after ${length} bytes`)
        assert.deepEqual(events, [], `cut after ${length} bytes`)
      }
    }
  })

  test(`${name} with a byte too many is a protocol error and no event`, () => {
    for (const isPrinted of ways) {
      const { decoder, events } = decoding(isPrinted)
      assert.throws(() => decoder.decode(Buffer.concat([whole, Buffer.from([0])]), lsn(2n)), protocolError)
      assert.deepEqual(events, [])
    }
  })
}

const refused: Readonly<Record<string, Buffer>> = {
  'an unknown message': Buffer.from('S\0\0\0\0'),
  'an insert into a table that was not described': bytes.insert(tuple('1', 'Ann'), 99),
  'an update of a table that was not described': bytes.update(tuple('1', 'Ann'), {}, 99),
  'a delete from a table that was not described': bytes.remove({ key: tuple('1', null) }, 99),
  'a TRUNCATE of two tables of which one was not described': bytes.truncate([16_400, 99]),
  'a row with a column too few': bytes.insert(tuple('1')),
  'a row with a column too many': bytes.insert(tuple('1', 'Ann', 'x')),
  'a value in the binary format': Buffer.concat([
    bytes.insert(tuple('1')).subarray(0, 6),
    bytes.uint16(2),
    Buffer.from('b\0\0\0\x01\x01'),
    Buffer.from('n'),
  ]),
  'an insert of an old row': Buffer.concat([
    Buffer.from('I'),
    bytes.int32(16_400),
    Buffer.from('O'),
    tuple('1', 'a'),
  ]),
  'an update that begins with something else': Buffer.concat([
    Buffer.from('U'),
    bytes.int32(16_400),
    Buffer.from('X'),
    tuple('1', 'a'),
  ]),
  'an update with an old row only': Buffer.concat([
    Buffer.from('U'),
    bytes.int32(16_400),
    Buffer.from('O'),
    tuple('1', 'a'),
    Buffer.from('O'),
    tuple('1', 'a'),
  ]),
  'a delete of a new row': Buffer.concat([
    Buffer.from('D'),
    bytes.int32(16_400),
    Buffer.from('N'),
    tuple('1', 'a'),
  ]),
  'a value of negative length': Buffer.concat([
    bytes.insert(tuple('1')).subarray(0, 6),
    bytes.uint16(2),
    Buffer.from('t'),
    bytes.int32(-1),
    Buffer.from('n'),
  ]),
  'a Begin within a transaction': bytes.begin(),
}

for (const [name, damaged] of Object.entries(refused)) {
  test(`${name} is a protocol error and no event`, () => {
    for (const isPrinted of ways) {
      const { decoder, events } = decoding(isPrinted)
      assert.throws(() => decoder.decode(damaged, lsn(2n)), protocolError)
      assert.deepEqual(events, [])
    }
  })
}

for (const name of ['Commit', 'Insert', 'Update', 'Delete', 'Truncate', 'Message'] as const) {
  test(`${name} outside of a transaction is a protocol error and no event`, () => {
    for (const isPrinted of ways) {
      const { decoder, events } = decoding(isPrinted)
      decoder.decode(bytes.commit(), lsn(2n))
      events.length = 0
      assert.throws(() => decoder.decode(messages[name]!, lsn(3n)), protocolError)
      assert.deepEqual(events, [])
    }
  })
}

test('no value of a row is in the message of a protocol error', () => {
  const { decoder } = decoding()
  const cut = bytes.insert(tuple('1', 'secret')).subarray(0, -2)
  assert.throws(
    () => decoder.decode(cut, lsn(2n)),
    (error: Error) => !error.message.includes('secret') && /Insert|"I"/.test(error.message),
  )
})

test('whatever byte of a message is changed: events or a protocol error, and nothing else', () => {
  const types = [20, 23, 701, 17, 16, 1700, 25]
  const all = bytes.relation(types.map((oid, i) => ({ name: `c${i}`, oid, key: i === 0 })))
  const row = tuple('9007199254740993', '-5', '1.5', '\\xdead', 't', '1.50', 'x')
  const wholes = [
    ...Object.values(messages),
    all,
    bytes.insert(row),
    bytes.update(row, { whole: row }),
    bytes.remove({ key: row }),
  ]
  for (const whole of wholes) {
    for (let at = 0; at < whole.length; at++) {
      for (const value of [0x00, 0x01, 0x20, 0x2d, 0x39, 0x61, 0x7f, 0xff]) {
        const { decoder } = decoding()
        if (whole !== all) decoder.decode(all, lsn(1n))
        const changed = Buffer.from(whole)
        changed[at] = value
        try {
          decoder.decode(changed, lsn(2n))
        } catch (error) {
          assert.ok(error instanceof PgstreamError && error.code === 'PGSTREAM_PROTOCOL', String(error))
        }
      }
    }
  }
})
