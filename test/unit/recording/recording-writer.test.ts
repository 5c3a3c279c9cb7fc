import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, readFile, readdir } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { test } from 'node:test'
import { PgstreamError } from '../../../src/errors.ts'
import { headerLine } from '../../../src/recording/recording-header.ts'
import { RecordingWriter } from '../../../src/recording/recording-writer.ts'
import { noLsn } from '../../../src/wal/lsn.ts'
import type { PluginMessage } from '../../../src/wal/plugin-message.ts'
import { position, RecordingCheckpointer } from '../../support/events.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { eventually } from '../../support/wait.ts'

const header = {
  plugin: 'wal2json',
  database: 'shop',
  server: '15.20',
  slot: 'a_slot',
  start: '0/0',
} as const

const fact = { types: [{ oid: 16_400, modifier: -1, name: 'shop.mood' }] }
/** Can be read again and again. */
const known: AsyncIterable<unknown> = {
  async *[Symbol.asyncIterator]() {
    yield fact
  },
}

function message(action: string, n: number): PluginMessage {
  const data = Buffer.from(`{"action":"${action}","n":${n}}`)
  return { kind: 'plugin-message', action, data, lsn: noLsn, position: action === 'C' ? position(n) : null }
}

/** Lines as they are to be found in the file. */
const lines = (...messages: PluginMessage[]): string =>
  [
    headerLine(header),
    JSON.stringify({ known: fact }),
    ...messages.map(({ data }) => data.toString()),
    '',
  ].join('\n')

const transaction = (n: number): PluginMessage[] => ['B', 'I', 'C'].map((action) => message(action, n))

test('a commit is confirmed when it is in the file, and not before', async () => {
  await using folder = await temporaryFolder()
  const file = folder.file('a.rec')
  const checkpointer = new RecordingCheckpointer()
  const found: string[] = []
  const checkpoint = checkpointer.checkpoint.bind(checkpointer)
  checkpointer.checkpoint = (positions) => {
    found.push(readFileSync(file, 'utf8'))
    checkpoint(positions)
  }
  const writer = new RecordingWriter({ file, header, known, overwrite: false, checkpointer })
  for (const each of transaction(1)) writer.write(each)
  await eventually(() => assert.deepEqual(checkpointer.confirmed, [1]))
  for (const each of [...transaction(2), ...transaction(3)]) writer.write(each)
  writer.end()
  await finished(writer)
  assert.equal(checkpointer.last, 3)
  assert.equal(found[0], lines(...transaction(1)))
  const all = lines(...transaction(1), ...transaction(2), ...transaction(3))
  assert.equal(found.at(-1), all)
  assert.equal(await readFile(file, 'utf8'), all)
  assert.equal(writer.size, all.length)
})

test('what comes after the last whole transaction is not left in the file', async () => {
  await using folder = await temporaryFolder()
  const file = folder.file('a.rec')
  const writer = new RecordingWriter({ file, header, known, overwrite: false })
  const alone = message('M', 2)
  for (const each of [...transaction(1), alone, message('B', 3), message('I', 3)]) writer.write(each)
  writer.end()
  await finished(writer)
  assert.equal(await readFile(file, 'utf8'), lines(...transaction(1), alone))
})

test('a recording of nothing is a header and what is known', async () => {
  await using folder = await temporaryFolder()
  const file = folder.file('a.rec')
  const writer = new RecordingWriter({ file, header, known, overwrite: false })
  writer.end()
  await finished(writer)
  assert.equal(await readFile(file, 'utf8'), lines())
})

test('a file that is there is refused and stays as it is', async () => {
  await using folder = await temporaryFolder()
  const file = await folder.write('a.rec', 'precious')
  const [error] = (await once(new RecordingWriter({ file, header, known, overwrite: false }), 'error')) as [
    PgstreamError,
  ]
  assert.equal(error.code, 'PGSTREAM_SINK_FAILED')
  assert.equal(error.message, `${file} is there already.`)
  assert.match(error.remedy, /--force/)
  assert.equal(await readFile(file, 'utf8'), 'precious')
})

test('a file that may be lost is lost when the first message arrives, not when the stream fails before', async () => {
  await using folder = await temporaryFolder()
  const file = await folder.write('a.rec', 'precious '.repeat(1_000))
  const failed = new RecordingWriter({ file, header, known, overwrite: true })
  failed.destroy(new Error('the slot is not there'))
  await assert.rejects(finished(failed), /the slot is not there/)
  assert.match(await readFile(file, 'utf8'), /^precious/)

  const writer = new RecordingWriter({ file, header, known, overwrite: true })
  for (const each of transaction(1)) writer.write(each)
  writer.end()
  await finished(writer)
  assert.equal(await readFile(file, 'utf8'), lines(...transaction(1)))
})

test('what is known cannot be had: the stream fails with the reason, and no file is left behind', async () => {
  await using folder = await temporaryFolder()
  const checkpointer = new RecordingCheckpointer()
  const reason = new PgstreamError('PGSTREAM_SOURCE_UNREACHABLE', 'The server went away.')
  const failing: AsyncIterable<unknown> = {
    async *[Symbol.asyncIterator]() {
      yield fact
      throw reason
    },
  }
  const file = folder.file('a.rec')
  const writer = new RecordingWriter({ file, header, known: failing, overwrite: false, checkpointer })
  for (const each of transaction(1)) writer.write(each)
  await assert.rejects(finished(writer), reason)
  assert.deepEqual(checkpointer.confirmed, [])
  assert.deepEqual(await readdir(folder.path), [])
})

test('a stream that fails before its first message leaves no file behind', async () => {
  await using folder = await temporaryFolder()
  const writer = new RecordingWriter({ file: folder.file('a.rec'), header, known, overwrite: false })
  await eventually(async () => assert.equal((await readdir(folder.path)).length, 1))
  writer.destroy(new Error('the slot is not there'))
  await assert.rejects(finished(writer), /the slot is not there/)
  assert.deepEqual(await readdir(folder.path), [])
})

for (const overwrite of [false, true]) {
  test(`a folder that is not there, and a folder, are told as such (overwrite: ${overwrite})`, async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.file('inner'))
    for (const file of [folder.file('no/a.rec'), folder.file('inner')]) {
      const [error] = (await once(new RecordingWriter({ file, header, known, overwrite }), 'error')) as [
        PgstreamError,
      ]
      assert.equal(error.code, 'PGSTREAM_SINK_FAILED')
      assert.ok(error.message.startsWith(file), error.message)
    }
  })
}
