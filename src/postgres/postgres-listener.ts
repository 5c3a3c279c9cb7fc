import { Readable } from 'node:stream'
import type { Carried } from '../pipeline/confirming-writable.ts'
import type { Listener } from '../pipeline/contracts.ts'
import { Fifo } from '../pipeline/fifo.ts'
import { silentLogger } from '../telemetry/logger.ts'
import type { Logger } from '../telemetry/logger.ts'
import { SourceMetrics } from '../telemetry/source-metrics.ts'
import type { CommitEvent, KeepaliveEvent } from '../wal/event.ts'
import { formatLsn } from '../wal/lsn.ts'
import type { HasSchemaStore, SchemaStore } from '../wal/schema-store.ts'
import { isBackfillMessage } from './backfill/watermark.ts'
import type { AddedRow, Companion } from './companion.ts'
import { keepReplicaIdentities } from './identity-keeper.ts'
import { openDecoder } from './open-decoder.ts'
import { SlotCheckpointer } from './slot-checkpointer.ts'
import { schemaLogStore } from './schema-log-store.ts'
import { slotPosition } from './slot-position.ts'
import { SlotReader } from './slot-reader.ts'
import type { OpenMessages } from './slot-session.ts'

export interface PostgresListenerOptions {
  /** The database that `pgstream init` prepared. */
  readonly url: string
  /** Default: `pgstream_<database>_slot`. */
  readonly slotName?: string | undefined
  readonly logger?: Logger | undefined
}

type Passing = Carried | CommitEvent | KeepaliveEvent

/** How many events wait for whoever reads; few, because a row can be large. */
const highWaterMark = 256
/** Rows of this many bytes in all wait at most (and the one that crosses it): 256 rows of 100 MB would be 25 GB. */
const maxWaitingBytes = 16 * 1024 * 1024
/** How long rows that were added are handed on without a break. */
const sliceMs = 5
/** How long `stop` waits for the end of a transaction that has begun to arrive, so that it does not come again. */
const stopGraceMs = 5_000

/**
 * Reads the changes of a database from its replication slot, whole transactions in commit order.
 *
 * Emits `WalEvent`s in object mode and never more than the reader takes. The slot moves only when the checkpointer is
 * told that something is durable. A connection that is lost, and a slot that somebody else reads, are tried again for as
 * long as it takes, with a warning; nothing is handed on twice then.
 *
 * Fails with a PgstreamError: at the start also PGSTREAM_SOURCE_UNREACHABLE and PGSTREAM_SOURCE_STANDBY;
 * PGSTREAM_SOURCE_REFUSED, PGSTREAM_NO_RIGHT, PGSTREAM_SLOT_MISSING, PGSTREAM_SLOT_INVALID, PGSTREAM_SLOT_ADVANCED,
 * PGSTREAM_SOURCE_CHANGED, PGSTREAM_NOT_INITIALIZED, PGSTREAM_PROTOCOL.
 */
export function postgresListener(options: PostgresListenerOptions): PostgresListener {
  return new PostgresListener(options)
}

/** How a listener is used by our own commands. */
export interface ListenerVariant {
  readonly openMessages: OpenMessages
  /** Whether a lost connection is made anew, or ends the stream. */
  readonly reconnect: boolean
  /** Whether tables without a usable replica identity are mended meanwhile. */
  readonly keepIdentities: boolean
}

const changes: ListenerVariant = { openMessages: openDecoder, reconnect: true, keepIdentities: true }

export class PostgresListener extends Readable implements Listener, HasSchemaStore {
  readonly checkpointer: SlotCheckpointer
  readonly metrics: SourceMetrics = new SourceMetrics()
  readonly schemaStore: SchemaStore
  printed = false
  readonly #options: PostgresListenerOptions
  readonly #variant: ListenerVariant
  readonly #logger: Logger
  readonly #reader: SlotReader
  #stopKeeping: (() => Promise<void>) | undefined
  #graceTimer: NodeJS.Timeout | undefined
  #companion: Companion | null = null
  /** Rows that the companion puts into the stream, and what was read behind their place. */
  #added: Iterator<AddedRow> | null = null
  readonly #held = new Fifo<{ readonly event: Passing; readonly bytes: number }>()
  #isGoingOn = false
  /** The companion is not ready for the first event. */
  #isAwaited = false
  #sessions = 0
  #isFull = false
  #stopping = false
  #finished = false
  #waitingBytes = 0
  #warnedOfNobody = false

  constructor(options: PostgresListenerOptions, variant: ListenerVariant = changes) {
    super({ objectMode: true, highWaterMark })
    const { url, slotName, logger = silentLogger } = options
    const { openMessages, reconnect } = variant
    this.#options = options
    this.#variant = variant
    this.#logger = logger
    this.checkpointer = new SlotCheckpointer(
      () => this.#reader.onConfirmed(),
      (reached) => this.#companion?.durable(reached),
    )
    const { metrics } = this
    this.schemaStore = schemaLogStore({ url, logger, reachedBefore: true })
    this.#reader = new SlotReader(
      {
        url,
        slotName,
        logger,
        metrics,
        openMessages: (plugin, emit, logger, knowledge) =>
          openMessages(plugin, emit, logger, knowledge, this.printed),
        reconnect,
        confirmed: () => this.checkpointer.confirmed,
      },
      {
        onEvent: (event, bytes) => this.#onEvent(event, bytes),
        onPosition: (position) => this.#onEvent({ kind: 'keepalive', position: slotPosition(position) }, 0),
        onReading: () => this.#onReading(),
        onLost: () => this.#onLost(),
        onFailed: (error) => this.destroy(error),
      },
    )
  }

  override _construct(callback: (error?: Error | null) => void): void {
    this.#open().then(() => callback(), callback)
  }

  /** Lets somebody go along, as `backfill()` does; to be called before the stream begins. */
  accompany(make: (options: PostgresListenerOptions) => Companion): void {
    this.#companion = make(this.#options)
  }

  async #open(): Promise<void> {
    await this.#companion?.open()
    this.#awaitCompanion()
    await this.#reader.open()
    if (this.#variant.keepIdentities && !this.destroyed) {
      this.#stopKeeping = keepReplicaIdentities(this.#options.url, this.#logger)
    }
  }

  /** Nothing is handed on until it knows that the slot is ours. */
  #awaitCompanion(): void {
    if (!this.#companion) return
    this.#isAwaited = true
    this.#reader.pause()
  }

  #onReading(): void {
    const number = ++this.#sessions
    const begin = (): void => {
      if (number !== this.#sessions) return // another one has begun meanwhile
      this.#isAwaited = false
      this.#goOn()
    }
    this.#companion?.reading().then(begin, (error: unknown) => this.destroy(error as Error))
  }

  override _read(): void {
    this.#resumeIfTaken()
  }

  override read(size?: number): unknown {
    const event: unknown = super.read(size)
    this.#resumeIfTaken()
    return event
  }

  /**
   * Reads no further. A transaction that has begun to arrive is read to its end for up to five seconds, so that it need
   * not come again; then the stream ends once everything is taken.
   */
  stop(): void {
    if (this.#stopping) return
    this.#stopping = true
    this.#added = null // what is left of the rows comes again
    this.#goOn()
    if (!this.#reader.inTransaction) return this.#finish()
    this.#graceTimer = setTimeout(() => this.#finish(), stopGraceMs)
  }

  #finish(): void {
    clearTimeout(this.#graceTimer)
    if (this.readableEnded || this.destroyed || this.#finished) return
    this.#finished = true
    this.metrics.ended()
    this.#reader.pause()
    this.push(null)
  }

  #onEvent(event: Passing, bytes: number): void {
    if (this.#isAwaited || this.#added || this.#held.length > 0) this.#held.push({ event, bytes })
    else this.#take(event, bytes)
  }

  #take(event: Passing, bytes: number): void {
    const rows = event.kind === 'keepalive' ? null : this.#see(event)
    if (rows) {
      if (this.#stopping) return
      this.#added = rows
      this.#reader.pause()
      this.#goOn()
      return
    }
    this.#handOn(event, bytes)
    if (event.position === null || event.kind === 'keepalive') return
    this.#warnOfNobody()
    if (this.#stopping) this.#finish()
  }

  /** Messages of backfills are nobody else's: without a companion they are dropped. */
  #see(event: Carried | CommitEvent): Iterator<AddedRow> | null {
    if (this.#companion) return this.#companion.see(event, this.printed)
    return isBackfillMessage(event) ? [][Symbol.iterator]() : null
  }

  /** The rest of the transaction that had begun to arrive would come over the next connection, if at all. */
  #onLost(): void {
    if (this.#stopping) this.#finish()
    this.#awaitCompanion()
  }

  /** Hands on the rows that were added, and what came behind them, as far as there is room, and not for long at once. */
  #goOn(): void {
    if (this.#isGoingOn || this.#isAwaited) return
    this.#isGoingOn = true
    try {
      const until = performance.now() + sliceMs
      for (let n = 1; !this.#isFull && !this.#finished && !this.destroyed; n++) {
        if (n % 32 === 0 && performance.now() > until) {
          setImmediate(() => this.#goOn())
          return
        }
        const next = this.#added?.next()
        if (next && !next.done) {
          this.#handOn(next.value.event, next.value.bytes)
          continue
        }
        this.#added = null
        const held = this.#held.shift()
        if (!held) {
          this.#reader.resume()
          return
        }
        this.#take(held.event, held.bytes)
      }
    } catch (error) {
      this.destroy(error as Error)
    } finally {
      this.#isGoingOn = false
    }
  }

  #handOn(event: Passing, bytes: number): void {
    if (this.#finished || this.destroyed) return
    const wanted = this.push(event)
    if (this.readableLength === 0) this.#waitingBytes = 0
    else this.#waitingBytes += bytes
    if (wanted && this.#waitingBytes < maxWaitingBytes) return
    this.#isFull = true
    this.#reader.pause()
  }

  /** Not before everything is taken: one socket read brings thousands of small rows for the one that made room. */
  #resumeIfTaken(): void {
    if (this.readableLength > 0) return
    this.#waitingBytes = 0
    if (!this.#isFull || this.#finished) return
    this.#isFull = false
    this.#goOn()
  }

  #warnOfNobody(): void {
    if (this.checkpointer.attached || this.#warnedOfNobody) return
    this.#warnedOfNobody = true
    this.#logger.warn(
      {},
      'nobody confirms what was read: the slot will grow. Give listener.checkpointer to the processor, or wrap your Writable in checkpointed()',
    )
  }

  /**
   * A Readable is destroyed as soon as its last event was read, long before the sink has stored it: after a regular end
   * the connection stays open until the sink has confirmed its last.
   */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#graceTimer)
    const settled = error === null && this.#finished ? this.checkpointer.settled() : Promise.resolve()
    settled
      .then(async () => {
        const kept = this.#stopKeeping?.()
        await this.#companion?.close()
        await this.#reader.close()
        await kept
        this.#logger.debug({ confirmed: formatLsn(this.checkpointer.confirmed) }, 'let go of the slot')
      })
      .then(() => callback(error), callback)
  }
}
