import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessagePasser } from '../../../src/postgres/message-passer.ts'
import { PgoutputDecoder } from '../../../src/postgres/pgoutput.ts'
import { nothingKnown } from '../../../src/postgres/source-knowledge.ts'
import { Wal2jsonDecoder } from '../../../src/postgres/wal2json.ts'
import type { ChangeEvent, CommitEvent } from '../../../src/wal/event.ts'
import { LargeText } from '../../../src/wal/large-text.ts'
import { lsn } from '../../../src/wal/lsn.ts'
import type { PluginMessage } from '../../../src/wal/plugin-message.ts'
import type { Row } from '../../../src/wal/value.ts'
import { encodeWireJson, encodeWireJsonBytes } from '../../../src/wal/wire-json.ts'
import { insert } from '../../support/events.ts'
import { schemaLogEntry, tableSchema } from '../../support/log-entries.ts'
import * as bytes from '../../support/pgoutput-bytes.ts'
import { tuple } from '../../support/pgoutput-bytes.ts'
import * as lines from '../../support/wal2json-lines.ts'
import type { ColumnText } from '../../support/wal2json-lines.ts'

const mebibyte = 1024 * 1024
/** Every kind of character and escape, none of which falls on the same place of two pieces. */
const largeText = 'a"b\\c\u0001\n\té€𝄞/\u007f'.repeat(mebibyte / 8)
const longText = 'ordinary, and long '.repeat(500)
const largeBytes = Buffer.alloc(8 * mebibyte, Buffer.from([0, 1, 0x7f, 0xff, 0x5c]))

const hex = largeBytes.toString('hex')
const content = `${'x'.repeat(17 * mebibyte)}"é\n`

/** A small row, a large one, and an update of the large one to the small one. */
function fromPgoutput(): ChangeEvent[] {
  const columns = [
    { name: 'id', oid: 23, key: true },
    { name: 'a', oid: 25, key: true },
    { name: 'b', oid: 25, key: true },
    { name: 'c', oid: 17, key: true },
  ]
  const large = tuple('1', largeText, longText, `\\x${hex}`)
  const small = tuple('1', 'a', 'b', '\\x00')
  const events: (ChangeEvent | CommitEvent)[] = []
  const decoder = new PgoutputDecoder((event) => events.push(event))
  for (const message of [
    bytes.begin(),
    bytes.relation(columns, { identity: 'f' }),
    bytes.insert(small),
    bytes.insert(large),
    bytes.update(small, { whole: large }),
    bytes.message('test', Buffer.from(content)),
  ])
    decoder.decode(message, lsn(0x10n))
  return events as ChangeEvent[]
}

function fromWal2json(): ChangeEvent[] {
  const table = tableSchema(
    16_400,
    'users',
    { id: 'integer!', a: 'text!', b: 'text!', c: 'bytea!' },
    { replica_identity: 'full' },
  )
  const cells = (a: string, b: string, c: string): ColumnText[] => [
    ['id', 'integer', 23, '1'],
    ['a', 'text', 25, JSON.stringify(a)],
    ['b', 'text', 25, JSON.stringify(b)],
    ['c', 'bytea', 17, `"${c}"`],
  ]
  const [large, small] = [cells(largeText, longText, hex), cells('a', 'b', '00')]
  const events: (ChangeEvent | CommitEvent)[] = []
  const decoder = new Wal2jsonDecoder((event) => events.push(event), nothingKnown())
  decoder.learn(schemaLogEntry({ tables: [table] }))
  for (const line of [
    lines.begin(),
    lines.insert(small),
    lines.insert(large),
    lines.update(small, large),
    lines.message('test', JSON.stringify(content).slice(1, -1)),
  ])
    decoder.decode(line)
  return events as ChangeEvent[]
}

for (const [plugin, decode] of [
  ['pgoutput', fromPgoutput],
  ['wal2json', fromWal2json],
] as const) {
  test(`${plugin}: long texts of a large row are LargeText, everything else is as in small rows`, () => {
    const [, insert, update, message] = decode()
    assert.ok(insert?.kind === 'insert' && update?.kind === 'update' && message?.kind === 'message')
    for (const values of [insert.values, update.old!]) {
      const [id, a, b, c] = values
      assert.deepEqual([id, b], [1, longText])
      assert.ok(a instanceof LargeText && a.toString() === largeText)
      assert.ok(Buffer.isBuffer(c) && c.equals(largeBytes))
    }
    assert.deepEqual(update.values, [1, 'a', 'b', Buffer.from([0])])
    assert.ok(message.content.equals(Buffer.from(content)))
  })

  test(`${plugin}: the JSON of large rows is that of the same values as strings`, () => {
    for (const event of decode()) {
      const expected = Buffer.from(encodeWireJson(withStrings(event)))
      assert.ok(encodeWireJsonBytes(event).equals(expected), event.kind)
      assert.ok(Buffer.from(encodeWireJson(event)).equals(expected), event.kind)
    }
  })
}

function withStrings(event: ChangeEvent): ChangeEvent {
  const strings = (row: Row): Row => row.map((value) => (value instanceof LargeText ? String(value) : value))
  if (event.kind === 'insert') return { ...event, values: strings(event.values) }
  return event.kind === 'update' ? { ...event, old: event.old && strings(event.old) } : event
}

test('text that is no UTF-8, of a database in SQL_ASCII, becomes the same JSON in large rows as in small ones', () => {
  const damaged = Buffer.alloc(17 * 1024 * 1024, Buffer.from([0x61, 0xe2, 0x82, 0x62, 0xff]))
  const event = (value: LargeText | string): ChangeEvent => ({ ...insert(1), values: [1, value] })
  const json = encodeWireJsonBytes(event(new LargeText(damaged)))
  assert.ok(json.equals(Buffer.from(encodeWireJson(event(damaged.toString('utf8'))))))
})

test('a large message keeps its memory where a small one is copied', () => {
  const passed: PluginMessage[] = []
  const passer = new MessagePasser('pgoutput', (message) => passed.push(message))
  const [small, large] = [Buffer.from('I, small'), Buffer.alloc(17 * 1024 * 1024, 'I')]
  passer.decode(small, lsn(1n))
  passer.decode(large, lsn(2n))
  small.fill(0)
  assert.equal(String(passed[0]!.data), 'I, small')
  assert.ok(passed[1]!.data.buffer === large.buffer)
})
