import { Readable } from 'node:stream'
import { PgstreamError } from '../errors.ts'
import type { Carried } from '../pipeline/confirming-writable.ts'
import type { Listener, MessageDecoder } from '../pipeline/contracts.ts'
import { silentLogger } from '../telemetry/logger.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { CommitEvent, KeepaliveEvent } from '../wal/event.ts'
import { formatLsn, noLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { OutputPlugin } from '../wal/plugin-message.ts'
import type { Position } from '../wal/position.ts'
import { keepReplicaIdentities } from './identity-keeper.ts'
import { openDecoder } from './open-decoder.ts'
import { publicationName } from './publication.ts'
import { readKnowledge } from './read-knowledge.ts'
import { ReplicationConnection, startReplication } from './replication-connection.ts'
import { SlotCheckpointer } from './slot-checkpointer.ts'
import { slotPosition } from './slot-position.ts'
import type { SourceKnowledge } from './source-knowledge.ts'
import { findSourceSlot } from './source-slot.ts'

export interface PostgresListenerOptions {
  /** The database that `pgstream init` prepared. */
  readonly url: string
  /** Default: `pgstream_<database>_slot`. */
  readonly slotName?: string | undefined
  readonly logger?: Logger | undefined
}

/** The longest between two statuses; also three within wal_sender_timeout, or being slow would look dead. */
const statusIntervalMs = 1_000
/** How many events wait for whoever reads; few, because a row can be large. */
const highWaterMark = 256
/** Rows of this many bytes in all wait at most (and the one that crosses it): 256 rows of 100 MB would be 25 GB. */
const maxWaitingBytes = 16 * 1024 * 1024
/** How long `stop` waits for the end of a transaction that has begun to arrive, so that it does not come again. */
const stopGraceMs = 5_000

/**
 * Reads the changes of a database from its replication slot, whole transactions in commit order.
 *
 * Emits `WalEvent`s in object mode and never more than the reader takes. The slot moves only when the checkpointer is
 * told that something is durable. Fails with a PgstreamError: PGSTREAM_SOURCE_UNREACHABLE, PGSTREAM_SOURCE_REFUSED,
 * PGSTREAM_NO_RIGHT, PGSTREAM_SLOT_MISSING, PGSTREAM_SLOT_ACTIVE, PGSTREAM_SLOT_INVALID, PGSTREAM_NOT_INITIALIZED,
 * PGSTREAM_PROTOCOL.
 */
export function postgresListener(options: PostgresListenerOptions): PostgresListener {
  return new PostgresListener(options)
}

/** Makes of the messages of a plugin what the listener hands on. */
export type OpenMessages = (
  plugin: OutputPlugin,
  emit: (event: Carried | CommitEvent) => void,
  logger: Logger,
  knowledge: SourceKnowledge,
) => MessageDecoder

export class PostgresListener extends Readable implements Listener {
  readonly checkpointer: SlotCheckpointer
  readonly #options: PostgresListenerOptions
  readonly #logger: Logger
  readonly #openMessages: OpenMessages
  #decoder: MessageDecoder | null = null
  #connection: ReplicationConnection | null = null
  #statusTimer: NodeJS.Timeout | undefined
  #stopKeeping: (() => Promise<void>) | undefined
  #graceTimer: NodeJS.Timeout | undefined
  #paused = false
  #stopping = false
  #finished = false
  #handedOn: Lsn = noLsn
  #replyOwed = false
  #arrivingBytes = 0
  #waitingBytes = 0
  #warnedOfNobody = false

  constructor(options: PostgresListenerOptions, openMessages: OpenMessages = openDecoder) {
    super({ objectMode: true, highWaterMark })
    this.#options = options
    this.#logger = options.logger ?? silentLogger
    this.checkpointer = new SlotCheckpointer(() => this.#onConfirmed())
    this.#openMessages = openMessages
  }

  override _construct(callback: (error?: Error | null) => void): void {
    this.#open().then(() => callback(), callback)
  }

  async #open(): Promise<void> {
    const { slot, plugin, database } = await findSourceSlot(this.#options.url, this.#options.slotName)
    const connection = await ReplicationConnection.open(this.#options.url)
    this.#connection = connection
    const { systemId, timeline } = await connection.identify()
    const timeoutMs = (await connection.senderTimeoutMs()) || Infinity
    const knowledge = await readKnowledge(connection, { plugin, slot })
    const decoder = this.#openMessages(plugin, (event) => this.#take(event), this.#logger, knowledge)
    this.#decoder = decoder
    await connection.start(startReplication({ plugin, slot, publication: publicationName, from: noLsn }), {
      onMessage: (payload, walStart) => this.#onMessage(payload, walStart),
      onKeepalive: (walEnd, replyRequested) => this.#onKeepalive(walEnd, replyRequested),
      onEnd: (error) => this.#onEnd(error),
    })
    this.#statusTimer = setInterval(() => this.#sendStatus(), Math.min(statusIntervalMs, timeoutMs / 3))
    this.#stopKeeping = keepReplicaIdentities(this.#options.url, this.#logger)
    this.#logger.info({ slot, plugin, database, systemId, timeline }, 'reading the replication slot')
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
    if (!this.#decoder?.inTransaction) return this.#finish()
    this.#graceTimer = setTimeout(() => this.#finish(), stopGraceMs)
  }

  #finish(): void {
    clearTimeout(this.#graceTimer)
    if (this.readableEnded || this.destroyed || this.#finished) return
    this.#finished = true
    this.#connection?.pause()
    this.push(null)
  }
  #onMessage(payload: Buffer, walStart: Lsn): void {
    if (this.#finished || this.destroyed) return
    this.#arrivingBytes = payload.length
    try {
      this.#decoder?.decode(payload, walStart)
    } catch (error) {
      this.destroy(error as Error)
    }
  }

  #take(event: Carried | CommitEvent): void {
    this.#handOn(event)
    if (event.position === null) return
    this.#handedOn = slotLsn(event.position)
    this.#warnOfNobody()
    if (this.#stopping) this.#finish()
  }

  /**
   * Between transactions, everything before `walEnd` has been sent. Within one it proves only that the server lives:
   * the position would lie before the commit that is arriving, but nobody needs it.
   */
  #onKeepalive(walEnd: Lsn, replyRequested: boolean): void {
    if (this.#finished || this.destroyed) return
    if (!this.#decoder?.inTransaction && walEnd > this.#handedOn) {
      this.#handedOn = walEnd
      this.#arrivingBytes = 0
      this.#handOn({ kind: 'keepalive', position: slotPosition(walEnd) })
    }
    if (replyRequested) {
      this.#sendStatus()
      this.#replyOwed = true
    }
  }

  #handOn(event: Carried | CommitEvent | KeepaliveEvent): void {
    const wanted = this.push(event)
    if (this.readableLength === 0) this.#waitingBytes = 0
    else this.#waitingBytes += this.#arrivingBytes
    if (wanted && this.#waitingBytes < maxWaitingBytes) return
    this.#paused = true
    this.#connection?.pause()
  }

  /** Not before everything is taken: one socket read brings thousands of small rows for the one that made room. */
  #resumeIfTaken(): void {
    if (this.readableLength > 0) return
    this.#waitingBytes = 0
    if (!this.#paused || this.#finished) return
    this.#paused = false
    this.#connection?.resume()
  }

  /** A server that is asked to shut down waits until it hears that what it sent is confirmed. */
  #onConfirmed(): void {
    if (!this.#replyOwed) return
    this.#replyOwed = false
    this.#sendStatus()
  }

  #sendStatus(): void {
    this.#connection?.sendStatus(this.checkpointer.confirmed)
  }

  #warnOfNobody(): void {
    if (this.checkpointer.attached || this.#warnedOfNobody) return
    this.#warnedOfNobody = true
    this.#logger.warn(
      {},
      'nobody confirms what was read: the slot will grow. Give listener.checkpointer to the processor, or wrap your Writable in checkpointed()',
    )
  }

  #onEnd(error: Error | undefined): void {
    if (this.destroyed || this.#finished) return
    this.destroy(
      error ?? new PgstreamError('PGSTREAM_SOURCE_UNREACHABLE', 'The server ended the replication stream.'),
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
        clearInterval(this.#statusTimer)
        const kept = this.#stopKeeping?.()
        this.#sendStatus()
        await this.#connection?.close()
        await kept
        this.#logger.debug({ confirmed: formatLsn(this.checkpointer.confirmed) }, 'let go of the slot')
      })
      .then(() => callback(error), callback)
  }
}

const slotLsn = (position: Position): Lsn => (position as ReturnType<typeof slotPosition>).offset
