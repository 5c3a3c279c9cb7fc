import { constants } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PgstreamError } from '../errors.ts'
import type { WriteCallback } from '../pipeline/confirming-writable.ts'
import type { Checkpointer } from '../pipeline/contracts.ts'
import { Processor } from '../pipeline/processor.ts'
import type { Operation } from '../pipeline/processor.ts'
import type { PluginMessage } from '../wal/plugin-message.ts'
import { knownLine } from './known-line.ts'
import { messageLine } from './message-line.ts'
import { headerLine } from './recording-header.ts'
import type { RecordingHeader } from './recording-header.ts'

export interface RecordingWriterOptions {
  readonly file: string
  readonly header: RecordingHeader
  /** What Postgres says of itself, for the decoder; read before the first message is written. */
  readonly known: AsyncIterable<unknown>
  /** Whether a file that is there may be lost; it is touched when the first message arrives, or at the end. */
  readonly overwrite: boolean
  readonly checkpointer?: Checkpointer | undefined
}

interface Line extends Operation {
  readonly action: string
}

const maxQueueBytes = 32 * 1024 * 1024
const batchSize = 100_000
const batchBytes = 8 * 1024 * 1024

/**
 * Writes what an output plugin said to a file; durable means on disk (fdatasync). The file ends with a whole
 * transaction, however the stream ends short of kill -9: what follows it was not confirmed and comes again.
 *
 * Fails with PGSTREAM_SINK_FAILED when the file cannot be written, or is there and may not be lost.
 */
export class RecordingWriter extends Processor<Line, PluginMessage> {
  readonly #options: RecordingWriterOptions
  #handle: FileHandle | null = null
  #size = 0
  /** Up to here the file is on disk and no transaction is cut. */
  #wholeSize = 0
  #inTransaction = false

  constructor(options: RecordingWriterOptions) {
    super({ checkpointer: options.checkpointer, maxQueueBytes, batchSize, batchBytes })
    this.#options = options
  }

  /** Bytes that are on disk. */
  get written(): number {
    return this.#size
  }

  /** Bytes of the file in the end: whole transactions only. */
  get size(): number {
    return this.#wholeSize
  }

  protected override async open(): Promise<void> {
    const { file, overwrite } = this.#options
    try {
      const mode = overwrite ? constants.O_CREAT : constants.O_CREAT | constants.O_EXCL
      this.#handle = await open(file, constants.O_WRONLY | mode)
      if (!(await this.#handle.stat()).isFile()) throw new TypeError('it is not an ordinary file')
    } catch (cause) {
      throw cannotWrite(
        file,
        cause,
        'Check the path, its folder has to be there, and the rights to write to it.',
      )
    }
  }

  protected override encode({ action, data, lsn }: PluginMessage): Line {
    return { action, bytes: messageLine(this.#options.header.plugin, { data, lsn }) }
  }

  protected override async deliver(batch: readonly Line[]): Promise<void> {
    try {
      await this.#begin()
      await this.#handle!.writeFile(Buffer.concat(batch.map(({ bytes }) => bytes)))
      await this.#handle!.datasync()
    } catch (cause) {
      throw cannotWrite(this.#options.file, cause)
    }
    for (const { action, bytes } of batch) {
      this.#size += bytes.length
      if (action === 'B') this.#inTransaction = true
      if (action === 'C') this.#inTransaction = false
      if (!this.#inTransaction) this.#wholeSize = this.#size
    }
  }

  override _final(callback: WriteCallback): void {
    this.#begin().then(
      () => super._final(callback),
      (cause: unknown) => callback(cannotWrite(this.#options.file, cause)),
    )
  }

  protected override async release(): Promise<void> {
    const { file, overwrite } = this.#options
    const handle = this.#handle
    if (!handle) return
    if (this.#size > 0) await handle.truncate(this.#wholeSize).catch(() => undefined)
    await handle.close()
    if (this.#size === 0 && !overwrite) await rm(file, { force: true })
  }

  async #begin(): Promise<void> {
    if (this.#size > 0) return
    const { header, known, file } = this.#options
    const handle = this.#handle!
    await handle.truncate()
    let size = 0
    const write = async (line: string): Promise<void> => {
      await handle.writeFile(line)
      size += Buffer.byteLength(line)
    }
    await write(`${headerLine(header)}\n`)
    for await (const fact of known) await write(knownLine(fact))
    await handle.datasync()
    await syncFolder(dirname(file))
    this.#size = this.#wholeSize = size
  }
}

/** Else the name of the file could be gone after a power cut. Not every system lets a folder be opened. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => null)
  await folder?.sync().catch(() => undefined)
  await folder?.close()
}

const wholeUpTo =
  'What was recorded up to then is whole and on disk; what follows was not confirmed and comes again.'

function cannotWrite(file: string, cause: unknown, remedy = wholeUpTo): PgstreamError {
  if (cause instanceof PgstreamError) return cause
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'EEXIST') {
    return new PgstreamError('PGSTREAM_SINK_FAILED', `${file} is there already.`, {
      remedy: 'Choose another name, or let it be overwritten: --force.',
    })
  }
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new PgstreamError('PGSTREAM_SINK_FAILED', `${file} cannot be written: ${reason}.`, {
    remedy,
    cause,
  })
}
