import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataRowDecoder } from '../../../src/postgres/data-row-decoder.ts'
import { openDecoder } from '../../../src/postgres/open-decoder.ts'
import { PgoutputDecoder } from '../../../src/postgres/pgoutput.ts'
import { frameHeaderBytes } from '../../../src/postgres/read-in-front.ts'
import { nothingKnown } from '../../../src/postgres/source-knowledge.ts'
import { silentLogger } from '../../../src/telemetry/logger.ts'
import type { ChangeEvent, WalEvent } from '../../../src/wal/event.ts'
import { isPositionOnly } from '../../../src/wal/event.ts'
import { lsn } from '../../../src/wal/lsn.ts'
import { noTuple, PrintedChange } from '../../../src/wal/printed-change.ts'
import { printedText } from '../../../src/wal/printed-value.ts'
import { writeRow } from '../../../src/wal/wire-bytes.ts'
import { encodeWireJson, encodeWireJsonBytes } from '../../../src/wal/wire-json.ts'
import { lanesOf } from '../../../src/webhook/lanes-of.ts'
import { dataRow } from '../../support/data-row.ts'
import * as bytes from '../../support/pgoutput-bytes.ts'
import type { TupleValue } from '../../support/pgoutput-bytes.ts'
import { recordedMessages } from '../../support/recorded-messages.ts'
import { randomFrom } from '../../support/workload/random.ts'

/** Both ways through the same messages, event beside event. */
function bothWays(messages: readonly { data: Buffer; lsn: bigint }[]): [printed: WalEvent, made: WalEvent][] {
  const [printed, made] = [true, false].map((isPrinted) => {
    const events: WalEvent[] = []
    const decoder = openDecoder(
      'pgoutput',
      (event) => events.push(event),
      silentLogger,
      nothingKnown(),
      isPrinted,
    )
    // each message has memory of its own here, as those of a socket have
    for (const message of messages) decoder.decode(Buffer.from(message.data), lsn(message.lsn))
    return events
  })
  assert.equal(printed!.length, made!.length)
  return printed!.map((event, i) => [event, made![i]!])
}

function assertSame(printed: WalEvent, made: WalEvent): void {
  if (isPositionOnly(made) || isPositionOnly(printed)) return assert.deepEqual(printed, made)
  const [around, line] = [encodeWireJsonBytes(made, '{"Data":', '}'), encodeWireJsonBytes(made)]
  // before anybody asked for values, and after
  assert.deepEqual(lanesOf(printed), lanesOf(made))
  assert.equal(encodeWireJsonBytes(printed, '{"Data":', '}').toString(), around.toString())
  assert.deepEqual(valuesOf(printed), valuesOf(made))
  assert.equal(encodeWireJsonBytes(printed).toString(), line.toString())
  assert.equal(encodeWireJson(printed), encodeWireJson(made))
}

const valuesOf = (event: ChangeEvent): unknown => [
  event.kind,
  ...(event.kind === 'insert' || event.kind === 'update' ? [event.values] : []),
  ...(event.kind === 'update' || event.kind === 'delete' ? [event.old] : []),
]

for (const name of ['shop.pgoutput.rec', 'types.pgoutput.rec']) {
  test(`what was recorded in ${name} is the same JSON and the same values, printed or made`, async () => {
    const { messages } = await recordedMessages(name)
    const pairs = bothWays(messages)
    for (const [printed, made] of pairs) assertSame(printed, made)
    const stayed = pairs.filter(([printed]) => printed instanceof PrintedChange).length
    assert.ok(stayed > 10, `${stayed} changes stayed as they were printed`)
  })
}

const random = randomFrom(11)
const pick = (...of: readonly string[]): string => random.pick(of)
const characters = [
  'a',
  'é',
  '✓',
  '😀',
  '"',
  '\\',
  '\n',
  '\t',
  '\b',
  '\f',
  '\r',
  '\x01',
  '\x1f',
  '\x7f',
  '\u2028',
]
const text = (): string =>
  Array.from({ length: random.chance(0.02) ? 12_000 : random.pick([0, 1, 5, 40, 400]) }, () =>
    random.chance(0.9) ? String.fromCharCode(32 + random.int(95)) : random.pick(characters),
  ).join('')
const number = (): string => `${pick('', '-')}${random.int(1e9)}${pick('', '', `.${random.int(1e6)}5`)}`

/** Texts as Postgres prints them, by the oid of their type. */
const texts: Readonly<Record<number, () => string>> = {
  16: () => pick('t', 'f'),
  20: () => pick('0', '-1', '9007199254740993', '-9223372036854775808', String(random.int(1e9))),
  23: () => pick('0', '2147483647', '-2147483648', String(random.int(1e6))),
  26: () => pick('0', '4294967295'),
  25: text,
  114: () => pick('{"a": "b\\"\\u0001"}', '[]', 'null'),
  17: () => pick('\\x', '\\x00ff', `\\x${Buffer.from(text()).toString('hex')}`),
  700: () => pick('0', '-0', '1.5', '3.4028235e+38', '1e-45', 'NaN', 'Infinity', '-Infinity', '0.1'),
  701: () =>
    pick(
      '0',
      '-0',
      '1e+20',
      '1e-05',
      '0.0001',
      '123456789012345.6',
      '0.30000000000000004',
      'NaN',
      '5e-324',
      String(random.int(1e9) / 7),
    ),
  1700: () =>
    pick('NaN', 'Infinity', '-Infinity', '0.00', '-0.001', '123456789012345678901234567890.5', number()),
}
const oids = Object.keys(texts).map(Number)

test('rows of any columns and values are the same JSON and the same values, printed or made', () => {
  const messages: Buffer[] = [bytes.begin()]
  for (let table = 0; table < 60; table++) {
    const columns = Array.from({ length: random.int(12) }, (_, i) => ({
      name: pick('id', 'größe', `"${i}"`),
      oid: random.pick(oids),
      key: random.chance(0.3),
    }))
    const of = (i: number): TupleValue =>
      random.chance(0.1) ? null : random.chance(0.02) ? bytes.unchanged : texts[columns[i]!.oid]!()
    const row = (): Buffer => bytes.tuple(...columns.map((_, i) => of(i)))
    messages.push(bytes.relation(columns, { oid: 17_000, identity: pick('d', 'f') }))
    for (let n = 0; n < 40; n++) {
      messages.push(
        random.pick([
          () => bytes.insert(row(), 17_000),
          () => bytes.update(row(), undefined, 17_000),
          () => bytes.update(row(), { key: row() }, 17_000),
          () => bytes.update(row(), { whole: row() }, 17_000),
          () => bytes.remove({ key: row() }, 17_000),
        ])(),
      )
    }
  }
  messages.push(bytes.commit())
  const pairs = bothWays(messages.map((data, i) => ({ data, lsn: BigInt(i + 1) << 20n })))
  let written = 0
  for (const [printed, made] of pairs) {
    assertSame(printed, made)
    if (printed instanceof PrintedChange && writeRow(printed.event, '', '') !== null) written++
  }
  assert.ok(written > 1_500, `${written} of ${pairs.length} were written without values`)
})

test('what no encoding allows, and what is no value of its type, is told as it is where values are made', () => {
  const users = bytes.relation([
    { name: 'id', oid: 23, key: true },
    { name: 'name', oid: 25 },
  ])
  const badText = bytes.insert(bytes.tuple('1', 'xx'))
  badText.set([0xed, 0xa0], badText.length - 2) // half a surrogate
  const [[printed, made]] = bothWays([bytes.begin(), users, badText].map((data) => ({ data, lsn: 1n }))) as [
    [WalEvent, WalEvent],
  ]
  assertSame(printed, made)
  for (const bad of ['', 'x', '1-2', '1.', '.5', '--1', '1 ']) {
    const events: ChangeEvent[] = []
    const decoder = new PgoutputDecoder((event) => void events.push(event as ChangeEvent), undefined, true)
    for (const data of [bytes.begin(), users, bytes.insert(bytes.tuple(bad, 'a'))])
      decoder.decode(data, lsn(1n))
    const outcome = (): unknown => JSON.parse(encodeWireJsonBytes(events[0]!).toString())
    if (Number.isNaN(Number(bad)) || bad === '') assert.throws(outcome, { code: 'PGSTREAM_PROTOCOL' }, bad)
    else assert.doesNotThrow(outcome, bad)
  }
})

test('a row that a query gave is the same JSON and the same values as its tuple', () => {
  for (let n = 0; n < 400; n++) {
    const columns = Array.from({ length: random.int(12) }, (_, i) => ({
      name: `c${i}`,
      oid: random.pick(oids),
      key: random.chance(0.3),
    }))
    const row = columns.map(({ oid }) => (random.chance(0.1) ? null : texts[oid]!()))
    const messages = [
      bytes.begin(),
      bytes.relation(columns, { oid: 17_000, identity: 'd' }),
      bytes.insert(bytes.tuple(...row), 17_000),
    ].map((data) => ({ data, lsn: 1n }))
    const [printed, made] = bothWays(messages).at(-1)!
    assert.ok(printed instanceof PrintedChange && made.kind === 'insert')
    const { table, commitLsn, xid, commitTime, ordinal, lsn: at } = printed
    const transaction = { commitLsn, xid, commitTime }
    const read = dataRow(...row).subarray(frameHeaderBytes)
    const decoder = new DataRowDecoder()
    assertSame(
      new PrintedChange('insert', table, decoder, transaction, ordinal, at, read, 0, noTuple).event,
      made,
    )
    columns.forEach((_, i) => assert.equal(printedText(read, 0, i), row[i]))
  }
})
