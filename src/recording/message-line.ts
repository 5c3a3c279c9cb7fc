import { PgstreamError } from '../errors.ts'
import { noLsn, parseLsn, formatLsn } from '../wal/lsn.ts'
import type { OutputPlugin, PluginMessage } from '../wal/plugin-message.ts'

/** Node makes no strings over half a gigabyte: base64 is written and read in pieces. A multiple of 3 and of 4. */
const pieceLength = 12 * 256 * 1024

const beforeData = /^\{"lsn":"([0-9A-F]{1,8}\/[0-9A-F]{1,8})","data":"/
const longestBeforeData = 64
const afterData = '"}'

/**
 * A message as one line, newline included: what wal2json wrote stays as it is, the bytes of pgoutput become base64.
 * @throws {PgstreamError} PGSTREAM_SOURCE_UNSUPPORTED when what wal2json wrote is more than one line.
 */
export function messageLine(
  plugin: OutputPlugin,
  { data, lsn }: Pick<PluginMessage, 'data' | 'lsn'>,
): Buffer {
  if (plugin === 'pgoutput') {
    return Buffer.concat([
      Buffer.from(`{"lsn":"${formatLsn(lsn)}","data":"`),
      ...encodeBase64(data),
      Buffer.from(`${afterData}\n`),
    ])
  }
  // it prints names of types as they are
  if (data.includes('\n')) {
    throw new PgstreamError(
      'PGSTREAM_SOURCE_UNSUPPORTED',
      'A type, or its schema, has a line break in its name, which wal2json does not escape: a recording has a line per message.',
      { remedy: 'Rename it, or record with pgoutput.' },
    )
  }
  return Buffer.concat([data, Buffer.from('\n')])
}

/**
 * Reads a line, without its newline, back. The data may share its memory.
 * @throws {SyntaxError} with what is wrong with it.
 */
export function readMessageLine(plugin: OutputPlugin, line: Buffer): Pick<PluginMessage, 'data' | 'lsn'> {
  if (plugin === 'wal2json') return { data: line, lsn: noLsn }
  const [before, lsn] = beforeData.exec(line.toString('latin1', 0, longestBeforeData)) ?? []
  const end = line.length - afterData.length
  if (before === undefined || lsn === undefined || line.toString('latin1', Math.max(0, end)) !== afterData) {
    throw new SyntaxError('it is not of the form {"lsn":"…","data":"…"}')
  }
  const data = decodeBase64(line, before.length, end)
  if (!data) throw new SyntaxError('its data is not base64')
  return { data, lsn: parseLsn(lsn) }
}

function* encodeBase64(data: Buffer): Generator<Buffer> {
  for (let at = 0; at < data.length; at += pieceLength) {
    yield Buffer.from(data.toString('base64', at, Math.min(data.length, at + pieceLength)), 'latin1')
  }
}

/** Null when a letter is missing, or is none of base64: Node passes over those, and less comes out. */
function decodeBase64(line: Buffer, start: number, end: number): Buffer | null {
  const length = end - start
  if (length % 4 !== 0) return null
  const padding = [line[end - 1], line[end - 2]].filter((letter) => letter === 0x3d).length
  const data = Buffer.allocUnsafe((length / 4) * 3 - padding)
  let written = 0
  for (let at = start; at < end; at += pieceLength) {
    written += data.write(line.toString('latin1', at, Math.min(end, at + pieceLength)), written, 'base64')
  }
  return written === data.length ? data : null
}
