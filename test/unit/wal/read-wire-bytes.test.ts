import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { recordedListener } from '../../../src/recorded-listener.ts'
import type { ChangeEvent, WalEvent } from '../../../src/wal/event.ts'
import { isPositionOnly } from '../../../src/wal/event.ts'
import { WireBytesReader } from '../../../src/wal/read-wire-bytes.ts'
import { WireJsonReader } from '../../../src/wal/read-wire-json.ts'
import { WireChange } from '../../../src/wal/wire-change.ts'
import { encodeWireJson, encodeWireJsonBytes } from '../../../src/wal/wire-json.ts'
import { randomFrom } from '../../support/workload/random.ts'

async function recorded(name: string): Promise<Buffer[]> {
  const messages: Buffer[] = []
  for await (const event of recordedListener(`fixtures/recordings/${name}.rec`) as AsyncIterable<WalEvent>) {
    if (!isPositionOnly(event)) messages.push(Buffer.from(encodeWireJsonBytes(event)))
  }
  return messages
}

/** The same for both kinds of events: those that stay as they are have getters. */
function plain(event: ChangeEvent): unknown {
  const { kind, commitLsn, ordinal, lsn, xid, commitTime, position, translation } = event
  const change = { kind, commitLsn, ordinal, lsn, xid, commitTime, position, translation }
  if (kind === 'message') return event
  const snapshot = kind === 'insert' ? event.snapshot : undefined
  const rows = {
    ...(kind === 'insert' || kind === 'update' || kind === 'schema-change' ? { values: event.values } : {}),
    ...(kind === 'update' || kind === 'delete' ? { old: event.old } : {}),
  }
  return { ...change, ...rows, snapshot, relation: event.relation }
}

function outcome(read: () => ChangeEvent): unknown {
  try {
    return plain(read())
  } catch (error) {
    if (error instanceof TypeError) return error.message
    throw error
  }
}

/** Whether the bytes are read as their text is; gives what was made of them. */
function assertSame(reader: WireBytesReader, bytes: Buffer): ChangeEvent | null {
  const parsed = (): ChangeEvent => new WireJsonReader().read(bytes.toString('utf8'), null)
  const expected = outcome(parsed)
  assert.deepEqual(
    outcome(() => reader.read(bytes, null, false)),
    expected,
  )
  assert.deepEqual(
    outcome(() => reader.read(bytes, null, true)),
    expected,
  )
  if (typeof expected === 'string') return null
  const event = reader.read(bytes, null, true)
  const line = encodeWireJsonBytes(event, '', '\n').toString()
  assert.equal(line.indexOf('\n'), line.length - 1)
  assert.deepEqual(JSON.parse(line), JSON.parse(encodeWireJson(parsed())))
  return event
}

const stays = (event: ChangeEvent | null): boolean => (event as unknown) instanceof WireChange

describe('reading wire JSON as bytes', () => {
  for (const name of ['shop.pgoutput', 'shop.wal2json', 'types.pgoutput', 'types.wal2json']) {
    test(`${name}: the same as its text, and what stays as it is goes on as the same bytes`, async () => {
      const reader = new WireBytesReader()
      const messages = await recorded(name)
      let stayed = 0
      for (const bytes of [...messages, ...messages]) {
        const event = assertSame(reader, bytes)!
        if (!stays(event)) continue
        stayed++
        assert.equal(encodeWireJsonBytes(event).toString(), bytes.toString())
      }
      assert.ok(stayed >= messages.length / 2, `${stayed} of 2 × ${messages.length} stayed`)
    })

    test(`${name}: what is broken anywhere is what its text is, too`, async () => {
      const random = randomFrom(15)
      const reader = new WireBytesReader()
      const messages = await recorded(name)
      for (const bytes of messages) reader.read(bytes, null, true)
      let [refused, stayed] = [0, 0]
      for (let i = 0; i < 1200; i++) {
        const bytes = Buffer.from(random.pick(messages))
        const at = random.int(bytes.length)
        const other = random.chance(0.5)
          ? random.pick([...'"\\{}[],:.-+0159eEntfu \n'].map((letter) => letter.charCodeAt(0)))
          : random.int(256)
        const broken = random.pick([
          () => Buffer.concat([bytes.subarray(0, at), Buffer.from([other]), bytes.subarray(at + 1)]),
          () => Buffer.concat([bytes.subarray(0, at), Buffer.from([other]), bytes.subarray(at)]),
          () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.int(4))]),
          () => bytes.subarray(0, at),
        ])()
        const event = assertSame(reader, broken)
        if (event === null) refused++
        else if (stays(event)) stayed++
      }
      assert.ok(refused > 200, `${refused} were refused`)
      assert.ok(stayed > 30, `${stayed} stayed as they were`)
    })
  }

  test('values that are written otherwise than by us are read by their text', () => {
    const row = (type: string, value: string): Buffer =>
      Buffer.from(
        `{"action":"I","timestamp":"2026-11-22 07:59:18.71+00","lsn":"0/1F","schema":"public","table":"t","columns":[{"id":"","name":"a","type":"${type}","value":${value}}],"identity":null,"metadata":{"schema_id":null,"table_pgstream_id":"","id_col_pgstream_id":null,"version_col_pgstream_id":""},"commit_lsn":"0/2F","ordinal":0,"xid":7}`,
      )
    const reader = new WireBytesReader()
    const values = {
      bigint: ['1', '-0', '01', '"1"', '-9223372036854775808', '12345678901234567890', 'null', '1.0'],
      integer: ['1', '-0', '1e3', '1E+3', '00', '-', '"NaN"', '""', '"5"', 'true', 'nul', '1.'],
      real: ['0.1', '"Infinity"', '"-Infinity"', '"infinity"', '1e-7', '.5'],
      'numeric(9,2)': ['1.50', '"NaN"', '"1.5"', '1e5', '-12345678901234567890.123', '+1'],
      'numeric[]': ['"{1.50}"', '1'],
      bytea: ['"00ff"', '"0"', '"00FF"', '""', '12', '"zz"'],
      text: [
        '"a"',
        '"\\u00e9\\n\\"\\\\"',
        '"\\x"',
        '"\\u12"',
        '"ü ✓ 😀"',
        '"\\ud800"',
        '5',
        '"\t"',
        '{}',
        '[]',
      ],
      boolean: ['true', 'false', 'null', '"true"', 'tru'],
    }
    for (const [type, written] of Object.entries(values)) {
      // the first teaches the template
      for (const value of [...written, ...written]) assertSame(reader, row(type, value))
    }
  })

  test('what the original pgstream wrote is completed, not passed on', () => {
    const theirs = Buffer.from(
      '{"action":"I","timestamp":"2026-11-22 08:59:18.722256+01","lsn":"0/1572720","schema":"public","table":"users","columns":[{"id":"x-1","name":"id","type":"integer","value":1}],"identity":null}',
    )
    const reader = new WireBytesReader()
    for (let i = 0; i < 3; i++) {
      const event = assertSame(reader, theirs)!
      assert.match(encodeWireJsonBytes(event).toString(), /"commit_lsn":"0\/1572720","ordinal":0,"xid":0/)
    }
  })

  test('a change that somebody translated is written anew', async () => {
    const reader = new WireBytesReader()
    const [bytes] = (await recorded('shop.pgoutput')).filter((message) => message.includes('"schema":"shop"'))
    reader.read(bytes!, null, true)
    const event = reader.read(bytes!, null, true)
    assert.ok(stays(event) && 'relation' in event)
    const columnIds = event.relation.columns.map((_, i) => `mine-${i}`)
    const translation = {
      schemaId: 's',
      tableId: 'mine',
      columnIds,
      identityColumnIds: null,
      versionColumnId: '',
    }
    Object.assign(event, { translation })
    assert.match(encodeWireJsonBytes(event).toString(), /"id":"mine-0"/)
  })

  test('rows that a backfill read stay known as such', () => {
    const reader = new WireBytesReader()
    const snapshot = Buffer.from(
      encodeWireJson(
        new WireJsonReader().read(
          '{"action":"I","timestamp":"2026-11-22 07:59:18.71+00","lsn":"0/1F","schema":"public","table":"t","columns":[{"id":"","name":"a","type":"text","value":"x"}],"identity":null,"snapshot":true}',
          null,
        ),
      ),
    )
    for (let i = 0; i < 2; i++) {
      const event = assertSame(reader, snapshot)!
      assert.equal(event.kind === 'insert' && event.snapshot, true)
    }
  })
})
