import { PgstreamError } from '../errors.ts'
import type { Carried } from '../pipeline/confirming-writable.ts'
import type { MessageDecoder } from '../pipeline/contracts.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { CommitEvent } from '../wal/event.ts'
import { noLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { OutputPlugin } from '../wal/plugin-message.ts'
import { publicationName } from './publication.ts'
import { readKnowledge } from './read-knowledge.ts'
import { ReplicationConnection } from './replication-connection.ts'
import { startReplication } from './start-replication.ts'
import type { SourceKnowledge } from './source-knowledge.ts'
import type { SourceState } from './source-state.ts'
import { findSourceSlot } from './source-slot.ts'
import { ShutdownWatch } from './shutdown-watch.ts'
import { Watchdog } from './watchdog.ts'

/** Makes of the messages of a plugin what a session hands on. */
export type OpenMessages = (
  plugin: OutputPlugin,
  emit: (event: Carried | CommitEvent) => void,
  logger: Logger,
  knowledge: SourceKnowledge,
  /** Whether rows may stay as they were printed. */
  printed?: boolean,
) => MessageDecoder

export interface SessionOptions {
  readonly url: string
  readonly slotName: string | undefined
  readonly logger: Logger
  readonly openMessages: OpenMessages
  /** Up to where everything is durable now. */
  readonly confirmed: () => Lsn
  /** Looks at the source before it is read, and throws when it is not the one that was read before. */
  readonly examine: (source: SourceState, connection: ReplicationConnection) => Promise<void>
  /** Cuts what is being opened. */
  readonly signal: AbortSignal
  /** Hears of the server process that is about to read the slot. */
  readonly onProcess: (pid: number) => void
  /** Those of earlier sessions, once one of them has read the slot. */
  readonly ours: ReadonlySet<number> | undefined
  /** How many times wal_sender_timeout a server may be silent when it was asked for an answer. */
  readonly patience: number
}

export interface SessionHandlers {
  /** `bytes`: of the message that said it. */
  readonly onEvent: (event: Carried | CommitEvent, bytes: number) => void
  /** Nothing was written up to `walEnd` that is still to come. */
  readonly onPosition: (walEnd: Lsn) => void
  /** Once: the session is over, and not because it was closed. */
  readonly onEnd: (error: Error) => void
}

/** The longest between two statuses; also three within wal_sender_timeout, or being slow would look dead. */
const statusIntervalMs = 1_000
/** A server that asks for a reply hears the same no sooner again; by the next status it does. */
const sameAgainMs = 100
/** Where the server itself never gives up. */
const defaultTimeoutMs = 60_000

/**
 * One connection to the slot, from looking at it to its end: decodes what comes, tells the server about every second
 * what is durable, and notices when it is dead.
 */
export class SlotSession {
  readonly source: SourceState
  readonly #connection: ReplicationConnection
  readonly #options: SessionOptions
  readonly #handlers: SessionHandlers
  readonly #watchdog: Watchdog
  readonly #shutdownWatch: ShutdownWatch
  readonly #statusTimer: NodeJS.Timeout
  #decoder: MessageDecoder
  #paused = false
  #over = false
  #error: Error | null = null
  #replyOwed = false
  #told: Lsn = noLsn
  #toldAt = 0
  #arrivingBytes = 0

  /** Resolves when the server sends. @throws {PgstreamError} */
  static async open(options: SessionOptions, handlers: SessionHandlers): Promise<SlotSession> {
    const { url, slotName, signal, ours } = options
    let session: SlotSession | undefined
    const onShutdown = (): void => session?.letGo()
    const { watch: shutdownWatch, client } = await ShutdownWatch.open({ url, signal, onShutdown })
    let connection: ReplicationConnection | undefined
    try {
      const slot = await findSourceSlot(client, slotName, ours)
      connection = await ReplicationConnection.open(url, signal)
      options.onProcess(connection.pid)
      const source = { ...slot, ...(await connection.identify()) }
      await options.examine(source, connection)
      const timeoutMs = (await connection.senderTimeoutMs()) || defaultTimeoutMs
      const knowledge = await readKnowledge(connection, slot)
      session = new SlotSession(source, connection, shutdownWatch, options, handlers, timeoutMs, knowledge)
      await session.#start()
      return session
    } catch (error) {
      await Promise.all([shutdownWatch.close(), connection?.close()])
      throw error
    }
  }

  private constructor(
    source: SourceState,
    connection: ReplicationConnection,
    shutdownWatch: ShutdownWatch,
    options: SessionOptions,
    handlers: SessionHandlers,
    timeoutMs: number,
    knowledge: SourceKnowledge,
  ) {
    this.source = source
    this.#connection = connection
    this.#shutdownWatch = shutdownWatch
    this.#options = options
    this.#handlers = handlers
    this.#decoder = options.openMessages(
      source.plugin,
      (event) => handlers.onEvent(event, this.#arrivingBytes),
      options.logger,
      knowledge,
    )
    const intervalMs = Math.min(statusIntervalMs, timeoutMs / 3)
    this.#watchdog = new Watchdog(timeoutMs * options.patience, intervalMs)
    this.#statusTimer = setInterval(() => this.#look(), intervalMs)
  }

  async #start(): Promise<void> {
    const { slot, plugin } = this.source
    // from where the slot stands, also when more is confirmed: what the decoder has to know is read for that place
    const command = startReplication({ plugin, slot, publication: publicationName, from: noLsn })
    try {
      await this.#connection.start(command, {
        onMessage: (payload, walStart) => this.#onMessage(payload, walStart),
        onKeepalive: (walEnd, replyRequested) => this.#onKeepalive(walEnd, replyRequested),
        onEnd: (error) => this.#end(error),
      })
    } catch (error) {
      clearInterval(this.#statusTimer)
      throw error
    }
    this.sendStatus()
  }

  /** What ended it. */
  get error(): Error | null {
    return this.#error
  }

  /** Between the begin of a transaction and its commit. */
  get inTransaction(): boolean {
    return this.#decoder.inTransaction
  }

  pause(): void {
    this.#paused = true
    this.#connection.pause()
  }

  resume(): void {
    this.#paused = false
    this.#connection.resume()
  }

  /** More is durable: a server that asked for a reply gets one, because one that shuts down waits for this. */
  onConfirmed(): void {
    if (!this.#replyOwed) return
    this.#replyOwed = false
    this.sendStatus()
  }

  sendStatus(replyRequested = false): void {
    this.#told = this.#options.confirmed()
    this.#toldAt = performance.now()
    this.#connection.sendStatus(this.#told, replyRequested)
  }

  /** Of a server that is shutting down. */
  letGo(): void {
    this.#end(
      new PgstreamError(
        'PGSTREAM_SOURCE_UNREACHABLE',
        'The server is shutting down: the slot is let go, or it would wait until everything is confirmed.',
        { remedy: 'Nothing is lost: what was not confirmed comes again when the server is back.' },
      ),
    )
  }

  /** Sends the last status and lets go of the slot. */
  async close(): Promise<void> {
    this.#over = true
    clearInterval(this.#statusTimer)
    this.sendStatus()
    await Promise.all([this.#shutdownWatch.close(), this.#connection.close()])
  }

  #onMessage(payload: Buffer, walStart: Lsn): void {
    if (this.#over) return
    this.#arrivingBytes = payload.length
    try {
      this.#decoder.decode(payload, walStart)
    } catch (error) {
      this.#end(error as Error)
    }
  }

  /**
   * Between transactions, everything before `walEnd` has been sent. Within one it proves only that the server lives:
   * the position would lie before the commit that is arriving, but nobody needs it.
   */
  #onKeepalive(walEnd: Lsn, replyRequested: boolean): void {
    if (this.#over) return
    if (!this.#decoder.inTransaction) this.#handlers.onPosition(walEnd)
    if (!replyRequested) return
    this.#replyOwed = true
    // a server that shuts down asks again as soon as it is answered: told nothing new, both would be busy with that
    const now = performance.now()
    if (this.#options.confirmed() === this.#told && now - this.#toldAt < sameAgainMs) return
    this.sendStatus()
  }

  #look(): void {
    const verdict = this.#watchdog.look({
      at: performance.now(),
      bytesRead: this.#connection.bytesRead,
      paused: this.#paused,
    })
    this.sendStatus(verdict === 'ask')
    if (verdict !== 'dead') return
    this.#end(
      new PgstreamError(
        'PGSTREAM_SOURCE_UNREACHABLE',
        'Postgres does not answer any more on the replication connection.',
      ),
    )
  }

  #end(error: Error | undefined): void {
    if (this.#over) return
    this.#over = true
    clearInterval(this.#statusTimer)
    this.#connection.destroy()
    void this.#shutdownWatch.close()
    this.#error =
      error ?? new PgstreamError('PGSTREAM_SOURCE_UNREACHABLE', 'The server ended the replication stream.')
    this.#handlers.onEnd(this.#error)
  }
}
