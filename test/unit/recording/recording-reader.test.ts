import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { messageLine } from '../../../src/recording/message-line.ts'
import { headerLine } from '../../../src/recording/recording-header.ts'
import { RecordingReader } from '../../../src/recording/recording-reader.ts'
import { lsn } from '../../../src/wal/lsn.ts'
import type { OutputPlugin } from '../../../src/wal/plugin-message.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const header = (plugin: OutputPlugin) =>
  ({ plugin, database: 'shop', server: '15.20', slot: 'pgstream_shop_slot', start: '0/16B3748' }) as const

/** Reads a file to its end, as RecordedListener does. */
async function messagesOf(
  path: string,
): Promise<{ reader: RecordingReader; messages: Buffer[]; lsns: bigint[] }> {
  const reader = await RecordingReader.open(path)
  const messages: Buffer[] = []
  const lsns: bigint[] = []
  try {
    do {
      for (let message = reader.next(); message; message = reader.next()) {
        assert.ok('data' in message)
        messages.push(Buffer.from(message.data))
        lsns.push(message.lsn)
      }
    } while (await reader.fill())
    return { reader, messages, lsns }
  } finally {
    await reader.close()
  }
}

async function readingOf(content: string | Buffer): ReturnType<typeof messagesOf> {
  await using folder = await temporaryFolder()
  return await messagesOf(await folder.write('stream.rec', content))
}

const recording = (plugin: OutputPlugin, ...lines: string[]): string =>
  [headerLine(header(plugin)), ...lines, ''].join('\n')
const line = (data: Buffer): string =>
  messageLine('pgoutput', { data, lsn: lsn(0x16b3748n) })
    .toString()
    .trimEnd()

/** Around the 256 KiB that are read at once, and the 3 MiB that are base64 at once. */
const sizes = [
  0, 1, 2, 3, 196_500, 196_600, 262_143, 262_144, 262_145, 3_145_727, 3_145_728, 3_145_729, 9_000_000,
]

test('messages of pgoutput come back byte by byte, whatever their size', async () => {
  const written = sizes.map((size) => randomBytes(size))
  const { reader, messages, lsns } = await readingOf(recording('pgoutput', ...written.map(line)))
  assert.deepEqual(reader.header, header('pgoutput'))
  assert.equal(messages.length, written.length)
  for (const [i, data] of written.entries()) assert.ok(data.equals(messages[i]!), `${data.length} bytes`)
  assert.deepEqual([...new Set(lsns)], [0x16b3748n])
})

test('lines of wal2json come back as they are, whatever their size', async () => {
  const written = sizes.map((size) => `{"action":"M","content":"${'é'.repeat(size)}"}`)
  const { reader, messages } = await readingOf(recording('wal2json', ...written))
  assert.equal(reader.plugin, 'wal2json')
  assert.ok(written.every((text, i) => messages[i]!.toString() === text))
  assert.equal(messages.length, written.length)
})

test('lines of wal2json without a header are a recording, also without a newline at the end', async () => {
  const lines = ['{"action":"B","xid":1}', '{"action":"C","xid":1}']
  const { reader, messages } = await readingOf(lines.join('\n'))
  assert.equal(reader.header, null)
  assert.equal(reader.plugin, 'wal2json')
  assert.deepEqual(messages.map(String), lines)
})

test('a header alone is a recording of nothing', async () => {
  assert.deepEqual((await readingOf(recording('pgoutput'))).messages, [])
})

const good = line(Buffer.from('hello'))
const damaged: Readonly<Record<string, [content: string, message: RegExp]>> = {
  'an empty file': ['', /stream\.rec is empty\.$/],
  'another file': [
    '%PDF-1.4\n',
    /^Line 1 of .*stream\.rec cannot be read: it is neither .* nor one of wal2json\.$/,
  ],
  'other JSON': ['{"a":1}\n', /^Line 1 of .* neither the first line of a recording nor one of wal2json\.$/],
  'format version 1 of wal2json': ['{"change":[]}\n', /^Line 1 of .*format-version=2\.$/],
  'a recording of the future': [
    '{"pgstream_recording":2}\n',
    /^Line 1 of .*has format 2, this version reads 1\.$/,
  ],
  'an unknown plugin': [
    '{"pgstream_recording":1,"plugin":"test_decoding"}\n',
    /^Line 1 of .*"test_decoding"\.$/,
  ],
  'a line without its beginning': [
    recording('pgoutput', good, good.slice(3)),
    /^Line 3 of .*not of the form/,
  ],
  'a line without its end': [recording('pgoutput', good.slice(0, -1), good), /^Line 2 of .*not of the form/],
  'an empty line': [recording('pgoutput', good, '', good), /^Line 3 of .*not of the form/],
  'a letter that base64 does not have': [
    recording('pgoutput', good, good, good.replace('aGVs', 'aG*s')),
    /^Line 4 of .*its data is not base64\.$/,
  ],
  'a letter too few': [recording('pgoutput', good.replace('aGVs', 'aGV')), /^Line 2 of .*is not base64\.$/],
  'a last line that is cut': [
    recording('pgoutput', good, good).slice(0, -20),
    /^Line 3 of .*the last one, is cut off: its recorder was killed, or the file was not copied to its end\.$/,
  ],
  'a header that is cut': [recording('pgoutput').slice(0, -20), /^Line 1 of .*the last one, is cut off/],
}

for (const [what, [content, message]] of Object.entries(damaged)) {
  test(`${what} is one clear error`, async () => {
    await assert.rejects(readingOf(content), { code: 'PGSTREAM_RECORDING_INVALID', message })
  })
}

test('a file that is not there, and a folder, are told as such', async () => {
  await using folder = await temporaryFolder()
  const code = 'PGSTREAM_RECORDING_INVALID'
  await assert.rejects(messagesOf(folder.file('no.rec')), {
    code,
    message: /cannot be read: there is no such file\.$/,
  })
  await assert.rejects(messagesOf(folder.path), { code, message: /cannot be read: it is a folder\.$/ })
})
