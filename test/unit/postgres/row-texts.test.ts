import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WalEvent } from '../../../src/wal/event.ts'
import { noLsn } from '../../../src/wal/lsn.ts'
import { PgoutputDecoder } from '../../../src/postgres/pgoutput.ts'
import * as bytes from '../../support/pgoutput-bytes.ts'

const texts = [
  'plain',
  '',
  'über',
  'x'.repeat(127),
  'y'.repeat(128),
  'z'.repeat(200),
  '\u{1f418}'.repeat(40),
  'é'.repeat(255),
  'tail',
]

/** The row that arrives, of text columns. */
function arrived(values: readonly (string | null)[]): unknown {
  const events: WalEvent[] = []
  const decoder = new PgoutputDecoder((event) => events.push(event))
  decoder.decode(bytes.relation(values.map((_, i) => ({ name: `c${i}`, oid: 25 }))), noLsn)
  decoder.decode(bytes.begin(), noLsn)
  const message = bytes.insert(bytes.tuple(...values))
  decoder.decode(message, noLsn)
  message.fill(0x21) // the socket overwrites it
  return events.flatMap((event) => (event.kind === 'insert' ? event.values : []))
}

test('texts of one row keep every character, whatever is beside them', () => {
  for (const skipped of texts.keys()) {
    const values = [...texts.slice(skipped), null, ...texts.slice(0, skipped)]
    assert.deepEqual(arrived(values), values)
  }
})

test('each text alone, and a row of more than 16 KiB', () => {
  for (const text of texts) assert.deepEqual(arrived([text]), [text])
  const long = ['ü'.repeat(20_000), 'a', 'b'.repeat(20_000)]
  assert.deepEqual(arrived(long), long)
})
