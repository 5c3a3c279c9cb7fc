import { Readable } from 'node:stream'
import { nobody } from '../pipeline/contracts.ts'
import type { Checkpointer, Listener, OpenDecoder, RecordedDecoder } from '../pipeline/contracts.ts'
import { silentLogger } from '../telemetry/logger.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { ChangeEvent, CommitEvent } from '../wal/event.ts'
import type { HasSchemaStore } from '../wal/schema-store.ts'
import type { Known } from './known-line.ts'
import { RecordedSchema } from './recorded-schema.ts'
import { RecordingReader } from './recording-reader.ts'
import type { RecordedMessage } from './recording-reader.ts'

export interface RecordedListenerOptions {
  /** Of `pgstream record`, or lines of wal2json (format version 2, with transactions and LSNs). */
  readonly file: string
  readonly openDecoder: OpenDecoder
  readonly logger?: Logger | undefined
}

/**
 * Gives the events of a recorded stream, the same as the slot gave, and ends. There is nothing to confirm. One message is
 * decoded at a time, when the reader wants one: a file of any size takes the memory of its largest row.
 *
 * Fails with a PgstreamError: PGSTREAM_RECORDING_INVALID.
 */
export class RecordedListener extends Readable implements Listener, HasSchemaStore {
  readonly checkpointer: Checkpointer = nobody
  readonly schemaStore: RecordedSchema = new RecordedSchema()
  readonly #file: string
  readonly #openDecoder: OpenDecoder
  readonly #logger: Logger
  #recording: RecordingReader | null = null
  #decoder: RecordedDecoder | null = null
  #emitted = false
  #stopping = false

  constructor({ file, openDecoder, logger }: RecordedListenerOptions) {
    super({ objectMode: true, highWaterMark: 1 })
    this.#file = file
    this.#openDecoder = openDecoder
    this.#logger = logger ?? silentLogger
  }

  override _construct(callback: (error?: Error | null) => void): void {
    this.#open().then(() => callback(), callback)
  }

  async #open(): Promise<void> {
    this.#recording = await RecordingReader.open(this.#file)
    const { plugin, header } = this.#recording
    const emit = (event: ChangeEvent | CommitEvent): void => {
      this.#emitted = true
      this.push(event)
    }
    this.#decoder = this.#openDecoder(plugin, emit, this.#logger, (entry, assumed) =>
      this.schemaStore.add(entry, assumed),
    )
    this.#logger.info(
      { file: this.#file, plugin, recorded: header ?? 'without a header' },
      'reading a recording',
    )
  }

  /** Reads no further; the stream ends. */
  stop(): void {
    this.#stopping = true
  }

  override _read(): void {
    this.#emitted = false
    try {
      while (!this.#emitted && !this.#stopping) {
        const message = this.#recording!.next()
        if (!message) return void this.#readOn()
        this.#decode(message)
      }
    } catch (error) {
      this.destroy(error as Error)
      return
    }
    if (!this.#emitted) this.push(null)
  }

  #decode(message: RecordedMessage | Known): void {
    if ('known' in message) return this.#know(message.known)
    try {
      this.#decoder!.decoder.decode(message.data, message.lsn)
    } catch (cause) {
      throw this.#recording!.problem(cause)
    }
  }

  #know(fact: unknown): void {
    try {
      this.#decoder!.know(fact)
    } catch (cause) {
      throw this.#recording!.problem(new SyntaxError('what is known of the source is damaged', { cause }))
    }
  }

  async #readOn(): Promise<void> {
    try {
      if (await this.#recording!.fill()) return this.destroyed ? undefined : this._read()
      if (this.#decoder!.decoder.inTransaction) {
        this.#logger.warn(
          { file: this.#file },
          'the recording ends within a transaction, whose commit is missing',
        )
      }
      this.push(null)
    } catch (error) {
      this.destroy(error as Error)
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const closed = this.#recording?.close() ?? Promise.resolve()
    closed.then(() => callback(error), callback)
  }
}
