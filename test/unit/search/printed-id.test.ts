import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDecoder } from '../../../src/postgres/open-decoder.ts'
import { nothingKnown } from '../../../src/postgres/source-knowledge.ts'
import { printedId, writePrintedId } from '../../../src/search/printed-id.ts'
import { rowShape } from '../../../src/search/row-shape.ts'
import type { RowShape } from '../../../src/search/row-shape.ts'
import { silentLogger } from '../../../src/telemetry/logger.ts'
import type { WalEvent } from '../../../src/wal/event.ts'
import { lsn } from '../../../src/wal/lsn.ts'
import { notWritten } from '../../../src/wal/printed-bytes.ts'
import { PrintedChange } from '../../../src/wal/printed-change.ts'
import * as bytes from '../../support/pgoutput-bytes.ts'
import type { TupleValue } from '../../support/pgoutput-bytes.ts'

const oids = { bool: 16, int8: 20, int4: 23, text: 25, float8: 701, date: 1082, numeric: 1700, uuid: 2950 }

/** An insert of a text and a key, as Postgres printed it, and the shape of its table with an id that wants escapes. */
function inserted(oid: number, key: TupleValue, identity: readonly string[]): [RowShape, PrintedChange] {
  const events: WalEvent[] = []
  const take = (event: WalEvent): void => void events.push(event)
  const decoder = openDecoder('pgoutput', take, silentLogger, nothingKnown(), true)
  const columns = [
    { name: 'name', oid: oids.text },
    { name: 'key', oid, key: true },
  ]
  const row = bytes.tuple(null, key)
  for (const message of [bytes.begin(), bytes.relation(columns), bytes.insert(row)])
    decoder.decode(message, lsn(1n))
  const change = events.find((event) => event instanceof PrintedChange)
  assert.ok(change)
  const { relation } = change
  const columnIds = ['t-1', 't-2']
  const shape = rowShape({
    ...{ relation, columnIds, prefix: '', objects: true, onKept: () => undefined },
    table: {
      ...{ oid: 1, id: 't"é', schema: 'public', name: 'users', columns: [], kinds: {} },
      ...{ identity, identityNumber: 2 },
    },
    translation: { schemaId: 's', tableId: 't', columnIds, identityColumnIds: identity, versionColumnId: '' },
  })
  return [shape, change]
}

function idInBytes(oid: number, key: TupleValue, identity = ['t-2']): [string | null, string | null] {
  const [shape, change] = inserted(oid, key, identity)
  const out = Buffer.alloc(1000)
  const end = writePrintedId(out, 3, shape, change)
  return [end === notWritten ? null : out.toString('utf8', 3, end), printedId(shape, change)]
}

test('an id that is written from what was printed is the one that its value has', () => {
  const keys: [number, string][] = [
    ...['0', '-7', '123', '9223372036854775807', '-9223372036854775808'].map((text): [number, string] => [
      oids.int8,
      text,
    ]),
    ...['5', '-5'].map((text): [number, string] => [oids.int4, text]),
    ...['12', '-0', '100000000000000'].map((text): [number, string] => [oids.float8, text]),
    ...['', 'a b', '~{}', "it's", 'x'.repeat(128)].map((text): [number, string] => [oids.text, text]),
    [oids.uuid, '0188e2d4-5a3c-7b1e-9c6d-2f4a8b0c1d2e'],
    [oids.date, '2026-11-29'],
  ]
  for (const [oid, key] of keys) {
    const [written, id] = idInBytes(oid, key)
    assert.equal(written, JSON.stringify(id), key)
  }
})

test('what has to be escaped, hashed or made a value first is left to who makes strings', () => {
  const keys: [number, TupleValue][] = [
    ...['"', '\\', 'é', '\u007f', '\n', 'sha256:ab', 's', 'x'.repeat(129)].map((text): [number, string] => [
      oids.text,
      text,
    ]),
    ...['1.5', '1e+20', 'NaN', '-Infinity', '1234567890123456'].map((text): [number, string] => [
      oids.float8,
      text,
    ]),
    [oids.numeric, '1.50'],
    [oids.bool, 't'],
    [oids.int8, null],
  ]
  for (const [oid, key] of keys) assert.equal(idInBytes(oid, key)[0], null, String(key))
  assert.equal(idInBytes(oids.int8, '1', ['t-2', 't-1'])[0], null)
  assert.equal(idInBytes(oids.int8, '1', ['t-3'])[0], null)
})
