import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, only } from '../../support/decode-wal2json.ts'
import * as lines from '../../support/wal2json-lines.ts'

test('messages arrive byte by byte, within a transaction and outside', () => {
  const bytes = Buffer.from([0xff, 0x01, 0xc3])
  const escaped = Buffer.concat([bytes.subarray(0, 1), Buffer.from('\\u0001'), bytes.subarray(2)])
  const event = only(lines.message('p\\"', escaped))
  assert.ok(event.kind === 'message')
  assert.deepEqual([event.prefix, event.content, event.transactional], ['p"', bytes, true])
  const [alone] = decode(lines.message('', 'hello', false))
  assert.ok(alone?.kind === 'message')
  assert.deepEqual(
    [alone.content.toString(), alone.lsn, alone.commitLsn, alone.xid, alone.commitTime],
    ['hello', 0x140n, 0x13fn, 0, 0],
  )
})

test('lines without xids, time stamps and type oids are understood', () => {
  const [event, end] = decode(
    Buffer.from('{"action":"B","lsn":"0/200","nextlsn":"0/240"}'),
    Buffer.from(
      '{"action":"I","lsn":"1A/FF","schema":"public","table":"t","columns":[{"name":"a","type":"numeric(10,2)[]","value":"{1.50}"},{"name":"b","type":"timestamp(3) with time zone","value":null},{"name":"c","type":"bigint","value":1}]}',
    ),
    Buffer.from('{"action":"C","lsn":"0/200","nextlsn":"0/240"}'),
  )
  assert.ok(event?.kind === 'insert' && end?.kind === 'commit')
  assert.deepEqual(event.values, ['{1.50}', null, 1n])
  assert.deepEqual([event.xid, event.commitTime, event.lsn], [0, 0, 0x1a_0000_00ffn])
  assert.deepEqual(
    event.relation.columns.map(({ typeOid }) => typeOid),
    [1231, 1184, 20],
  )
})
