import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { PgstreamError } from '../../../src/errors.ts'
import type { OpenDecoder } from '../../../src/pipeline/contracts.ts'
import { recordedListener } from '../../../src/recorded-listener.ts'
import { messageLine } from '../../../src/recording/message-line.ts'
import { RecordedListener } from '../../../src/recording/recorded-listener.ts'
import { headerLine } from '../../../src/recording/recording-header.ts'
import type { WalEvent } from '../../../src/wal/event.ts'
import { lsn } from '../../../src/wal/lsn.ts'
import * as bytes from '../../support/pgoutput-bytes.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import type { TemporaryFolder } from '../../support/temporary-folder.ts'
import { eventually } from '../../support/wait.ts'

const header = {
  plugin: 'pgoutput',
  database: 'shop',
  server: '15.20',
  slot: 'pgstream_shop_slot',
  start: '0/0',
} as const

async function record(
  folder: TemporaryFolder,
  messages: readonly Buffer[],
  ...known: string[]
): Promise<string> {
  const lines = messages.map((data, i) => messageLine('pgoutput', { data, lsn: lsn(0x100n + BigInt(i)) }))
  return folder.write(
    'a.rec',
    Buffer.concat([Buffer.from([headerLine(header), ...known, ''].join('\n')), ...lines]),
  )
}

const describe = bytes.relation([
  { name: 'id', oid: 23, key: true },
  { name: 'note', oid: 25 },
])
const row = (id: number, note = 'x'): Buffer => bytes.insert(bytes.tuple(String(id), note))

/** The events of a recording. `take` looks at each. */
async function eventsOf(listener: RecordedListener): Promise<WalEvent[]> {
  const events: WalEvent[] = []
  const end = new Writable({
    objectMode: true,
    write: (event: WalEvent, _encoding, callback) => {
      events.push(event)
      callback()
    },
  })
  await pipeline(listener, end)
  return events
}

test('a recording gives its changes and commits with their positions, and ends', async () => {
  await using folder = await temporaryFolder()
  const file = await record(folder, [
    bytes.begin(),
    describe,
    row(1),
    row(2),
    bytes.commit({ endLsn: 0x130n }),
    bytes.message('p', Buffer.from('alone'), { transactional: false, lsn: 0x140n }),
  ])
  const events = await eventsOf(recordedListener(file))
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['insert', 'insert', 'commit', 'message'],
  )
  const [first, second, commit] = events
  assert.ok(first?.kind === 'insert' && second?.kind === 'insert' && commit?.kind === 'commit')
  assert.deepEqual([first.values, first.lsn, first.ordinal], [[1, 'x'], 0x102n, 0])
  assert.deepEqual([second.values, second.lsn, second.ordinal], [[2, 'x'], 0x103n, 1])
  assert.deepEqual(commit.position, { partition: 'slot', offset: 0x130n })
})

test('what Postgres said of itself is known to the decoder', async () => {
  await using folder = await temporaryFolder()
  const types = [{ oid: 16_400, modifier: -1, name: 'shop.percent' }]
  const percent = bytes.relation([{ name: 'share', oid: 16_400 }])
  const messages = [bytes.begin(), percent, bytes.insert(bytes.tuple('1.5'))]
  const file = await record(folder, messages, JSON.stringify({ known: { types } }))
  const [event] = await eventsOf(recordedListener(file))
  assert.ok(event?.kind === 'insert')
  assert.equal(event.relation.columns[0]?.type, 'shop.percent')
})

for (const line of [
  '{"known":{"types":[',
  '{"known":{"types":1}}',
  '{"known":{"entry":{}}}',
  '{"known":7}',
  '{"known":{}}',
]) {
  test(`a damaged line of what is known is one clear error: ${line}`, async () => {
    await using folder = await temporaryFolder()
    const file = await record(folder, [bytes.begin()], line)
    await assert.rejects(eventsOf(recordedListener(file)), {
      code: 'PGSTREAM_RECORDING_INVALID',
      message: /^Line 2 of .*a\.rec cannot be read: what is known of the source is damaged\.$/,
    })
  })
}

test('a message that cannot be understood is told with its line, after what stands before it', async () => {
  await using folder = await temporaryFolder()
  const file = await record(folder, [bytes.begin(), describe, row(1), row(2).subarray(0, 9), row(3)])
  const seen: WalEvent[] = []
  const listener = recordedListener(file).on('data', (event: WalEvent) => seen.push(event))
  const [error] = (await once(listener, 'error')) as [PgstreamError]
  assert.equal(error.code, 'PGSTREAM_RECORDING_INVALID')
  assert.match(
    error.message,
    /^Line 5 of .*a\.rec cannot be read: a replication message of type "I" ends after 9 bytes/,
  )
  assert.ok(error.cause instanceof PgstreamError)
  assert.equal(seen.length, 1)
})

test('a recording that ends within a transaction ends with a warning', async () => {
  await using folder = await temporaryFolder()
  const file = await record(folder, [bytes.begin(), describe, row(1)])
  const warnings: string[] = []
  const nothing = (): void => undefined
  const logger = {
    debug: nothing,
    info: nothing,
    error: nothing,
    warn: (_: object, text: string) => void warnings.push(text),
  }
  const events = await eventsOf(recordedListener(file, { logger }))
  assert.equal(events.length, 1)
  assert.deepEqual(warnings, ['the recording ends within a transaction, whose commit is missing'])
})

test('nothing is decoded before somebody wants it, however many rows there are', async () => {
  await using folder = await temporaryFolder()
  const file = await record(
    folder,
    Array.from({ length: 1_000 }, (_, n) => row(n)),
  )
  let decoded = 0
  const openDecoder: OpenDecoder = (_plugin, emit) => ({
    decoder: {
      inTransaction: false,
      decode: () => {
        decoded += 1
        emit({ kind: 'commit' } as Parameters<typeof emit>[0])
      },
    },
    know: () => assert.fail('the recording knows nothing'),
  })
  const listener = new RecordedListener({ file, openDecoder })
  const release: (() => void)[] = []
  const slow = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write: (_event, _encoding, callback) => void release.push(callback),
  })
  const done = pipeline(listener, slow)
  for (let taken = 1; taken <= 100; taken++) {
    await eventually(() => assert.equal(release.length, taken))
    assert.ok(decoded <= taken + 3, `${decoded} decoded, ${taken} taken`)
    release[taken - 1]!()
  }
  listener.destroy()
  await assert.rejects(done)
})

test('stop() ends the stream although the file goes on', async () => {
  await using folder = await temporaryFolder()
  const file = await record(folder, [
    bytes.begin(),
    describe,
    ...Array.from({ length: 5_000 }, (_, n) => row(n)),
  ])
  const listener = recordedListener(file)
  let seen = 0
  listener.on('data', () => {
    if (++seen === 10) listener.stop()
  })
  await once(listener, 'end')
  assert.ok(seen >= 10 && seen < 20, `${seen} were seen`)
})

test('a file that is not there fails the pipeline', async () => {
  await assert.rejects(eventsOf(recordedListener('/nowhere/a.rec')), {
    code: 'PGSTREAM_RECORDING_INVALID',
    message: '/nowhere/a.rec cannot be read: there is no such file.',
  })
})
