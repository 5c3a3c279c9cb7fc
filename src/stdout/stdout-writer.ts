import type { Writable } from 'node:stream'
import { defaults } from '../config/defaults.ts'
import { PgstreamError } from '../errors.ts'
import { Processor } from '../pipeline/processor.ts'
import type { Operation } from '../pipeline/processor.ts'
import type { Checkpointer } from '../pipeline/contracts.ts'
import type { ChangeEvent } from '../wal/event.ts'
import { giveBack } from '../wal/allocate.ts'
import { encodeWireJsonBytes } from '../wal/wire-json.ts'
import { endsWithinLine, isFile, writeWhole } from './standard-file.ts'
import { isThrownAway } from './thrown-away.ts'

export interface StdoutWriterOptions {
  readonly checkpointer?: Checkpointer | undefined
  /** This and the two below: as PGSTREAM_STDOUT_WRITER_… when left out. */
  readonly maxQueueBytes?: number | undefined
  readonly batchSize?: number | undefined
  readonly batchBytes?: number | undefined
  /** Where the lines go. Default: the process' standard output. */
  readonly output?: Writable | undefined
}

/**
 * Writes one line of wire JSON per change. Durable means: the operating system has taken it (a pipe, a file, a
 * terminal); what a pipe has taken and its reader never reads is confirmed. A reader that goes away destroys the stream
 * with PGSTREAM_STDOUT_CLOSED, a standard output that nobody opened with PGSTREAM_SINK_FAILED.
 */
export function stdoutWriter(options: StdoutWriterOptions = {}): StdoutWriter {
  return new StdoutWriter(options)
}

export class StdoutWriter extends Processor {
  override readonly takesPrinted: boolean = true
  readonly #output: Writable
  /** The descriptor of the standard output where that is a file. */
  #file: number | null = null
  readonly #onError = (cause: NodeJS.ErrnoException): void => void this.destroy(writeFailed(cause))

  constructor(options: StdoutWriterOptions) {
    const { maxQueueBytes, batchSize, batchBytes } = defaults.stdoutWriter
    super({
      checkpointer: options.checkpointer,
      maxQueueBytes: options.maxQueueBytes ?? maxQueueBytes,
      batchSize: options.batchSize ?? batchSize,
      batchBytes: options.batchBytes ?? batchBytes,
    })
    this.#output = options.output ?? process.stdout
  }

  protected override async open(): Promise<void> {
    if (this.#output === process.stdout && isThrownAway(process.stdout.fd)) {
      throw new PgstreamError(
        'PGSTREAM_SINK_FAILED',
        'The standard output was closed before pgstream began.',
        {
          remedy: 'Give it a file or a pipe. To throw the changes away on purpose: > /dev/null.',
        },
      )
    }
    this.#output.on('error', this.#onError)
    if (this.#output !== process.stdout || !isFile(process.stdout.fd)) return
    this.#file = process.stdout.fd
    if (endsWithinLine(this.#file)) await this.#write(Buffer.from('\n'))
  }

  protected override encode(event: ChangeEvent): Operation {
    return { bytes: encodeWireJsonBytes(event, '', '\n') }
  }

  protected override async deliver(batch: readonly Operation[]): Promise<void> {
    const bytes =
      batch.length === 1 ? batch[0]!.bytes : Buffer.concat(batch.map((operation) => operation.bytes))
    await this.#write(bytes)
    if (this.#output === process.stdout) giveBack(bytes)
  }

  async #write(bytes: Buffer): Promise<void> {
    try {
      if (this.#file !== null) await writeWhole(this.#file, bytes)
      else {
        await new Promise<void>((resolve, reject) => {
          this.#output.write(bytes, (cause) => (cause ? reject(cause) : resolve()))
        })
      }
    } catch (cause) {
      throw writeFailed(cause as NodeJS.ErrnoException)
    }
  }

  protected override async release(): Promise<void> {
    this.#output.off('error', this.#onError)
  }
}

function writeFailed(cause: NodeJS.ErrnoException): PgstreamError {
  if (cause.code === 'EPIPE') {
    return new PgstreamError('PGSTREAM_STDOUT_CLOSED', 'Whoever read the standard output has closed it.', {
      cause,
    })
  }
  return new PgstreamError('PGSTREAM_SINK_FAILED', `Standard output cannot be written: ${cause.message}.`, {
    cause,
  })
}
