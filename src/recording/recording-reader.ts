import { PgstreamError } from '../errors.ts'
import type { OutputPlugin, PluginMessage } from '../wal/plugin-message.ts'
import { LineReader } from './line-reader.ts'
import { readKnownLine } from './known-line.ts'
import type { Known } from './known-line.ts'
import { readMessageLine } from './message-line.ts'
import { readHeader } from './recording-header.ts'
import type { RecordingHeader } from './recording-header.ts'

export type RecordedMessage = Pick<PluginMessage, 'data' | 'lsn'>

/**
 * Reads a recording, or lines of wal2json as its own tools write them, one message at a time in bounded memory. Everything
 * throws PGSTREAM_RECORDING_INVALID with the number of the line.
 */
export class RecordingReader {
  readonly #path: string
  readonly #lines: LineReader
  #header: RecordingHeader | null = null
  #held: Buffer | null = null
  #isCut = false
  /** What Postgres said of itself stands before the first message. */
  #mayBeKnown = false

  private constructor(path: string, lines: LineReader) {
    this.#path = path
    this.#lines = lines
  }

  static async open(path: string): Promise<RecordingReader> {
    const lines = await LineReader.open(path).catch((cause: unknown) => {
      throw unreadable(path, cause)
    })
    const reader = new RecordingReader(path, lines)
    try {
      await reader.#readHeader()
      return reader
    } catch (error) {
      await lines.close()
      throw error
    }
  }

  /** Null where there is none: lines of wal2json. */
  get header(): RecordingHeader | null {
    return this.#header
  }

  get plugin(): OutputPlugin {
    return this.#header?.plugin ?? 'wal2json'
  }

  /** The next message, or what is known before it, valid until `fill`; null when the file has to be read on. */
  next(): RecordedMessage | Known | null {
    const line = this.#held ?? this.#lines.next()
    this.#held = null
    return line && this.#read(line)
  }

  /** Reads on; false at the end of the file. */
  async fill(): Promise<boolean> {
    try {
      if (await this.#lines.fill()) return true
    } catch (cause) {
      throw cause instanceof RangeError ? this.problem(cause) : unreadable(this.#path, cause)
    }
    const rest = this.#lines.rest()
    if (rest === null) return false
    this.#isCut = true
    this.#held = rest
    return true
  }

  /** The error for a message that was given last and cannot be understood. */
  problem(cause: unknown): PgstreamError {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const line = `Line ${this.#lines.number} of ${this.#path}`
    if (this.#isCut) {
      return new PgstreamError(
        'PGSTREAM_RECORDING_INVALID',
        `${line}, the last one, is cut off: its recorder was killed, or the file was not copied to its end.`,
        { remedy: `Everything before it is whole: head -n -1 ${this.#path} gives that.`, cause },
      )
    }
    return new PgstreamError('PGSTREAM_RECORDING_INVALID', `${line} cannot be read: ${reason}.`, { cause })
  }

  async close(): Promise<void> {
    await this.#lines.close()
  }

  async #readHeader(): Promise<void> {
    let first = this.#lines.next()
    while (first === null) {
      if (await this.fill()) first = this.#held ?? this.#lines.next()
      else throw new PgstreamError('PGSTREAM_RECORDING_INVALID', `${this.#path} is empty.`)
    }
    this.#held = null
    try {
      this.#header = readHeader(first)
    } catch (cause) {
      throw this.problem(cause)
    }
    if (this.#header === null) this.#held = first
    else this.#mayBeKnown = true
  }

  #read(line: Buffer): RecordedMessage | Known {
    try {
      const known = this.#mayBeKnown ? readKnownLine(line) : null
      if (known) return known
      this.#mayBeKnown = false
      return readMessageLine(this.plugin, line)
    } catch (cause) {
      throw this.problem(cause)
    }
  }
}

function unreadable(path: string, cause: unknown): PgstreamError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const reason =
    code === 'ENOENT'
      ? 'there is no such file'
      : code === 'EISDIR'
        ? 'it is a folder'
        : cause instanceof Error
          ? cause.message
          : String(cause)
  return new PgstreamError('PGSTREAM_RECORDING_INVALID', `${path} cannot be read: ${reason}.`, { cause })
}
