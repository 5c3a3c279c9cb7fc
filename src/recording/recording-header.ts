import type { OutputPlugin } from '../wal/plugin-message.ts'

/** What a recording says of itself in its first line. */
export interface RecordingHeader {
  readonly plugin: OutputPlugin
  readonly database: string
  /** Version of Postgres, such as `15.20`. */
  readonly server: string
  readonly slot: string
  /** Where the slot stood, such as `0/16B3748`. */
  readonly start: string
}

const format = 1

/** The first line, without its newline. */
export const headerLine = ({ plugin, database, server, slot, start }: RecordingHeader): string =>
  JSON.stringify({ pgstream_recording: format, plugin, database, server, slot, start })

/**
 * Reads a first line; null when it is already a line of wal2json, as its own tools write them.
 * @throws {SyntaxError} with what it is instead.
 */
export function readHeader(line: Buffer): RecordingHeader | null {
  const text = line.toString('utf8', 0, 10_000)
  if (/^\{"action":"/.test(text)) return null
  if (/^\{"change":|^\{"xid":\d+,"change":/.test(text)) {
    throw new SyntaxError('it is format version 1 of wal2json; record with -o format-version=2')
  }
  const said = parseObject(text)
  if (!('pgstream_recording' in said)) {
    throw new SyntaxError('it is neither the first line of a recording nor one of wal2json')
  }
  if (said['pgstream_recording'] !== format) {
    const other = JSON.stringify(said['pgstream_recording'])
    throw new SyntaxError(`the recording has format ${other}, this version reads ${format}`)
  }
  const { plugin } = said
  if (plugin !== 'pgoutput' && plugin !== 'wal2json') {
    const what = plugin === undefined ? 'none' : JSON.stringify(plugin)
    throw new SyntaxError(`the recording has to name its plugin, pgoutput or wal2json: it says ${what}`)
  }
  const textOf = (name: string): string => (typeof said[name] === 'string' ? said[name] : '')
  return {
    plugin,
    database: textOf('database'),
    server: textOf('server'),
    slot: textOf('slot'),
    start: textOf('start'),
  }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // told below: where JSON.parse stumbled is of no use to anybody
  }
  return {}
}
