import { asPgstreamError } from '../telemetry/as-pgstream-error.ts'
import { BackOff } from '../pipeline/back-off.ts'
import type { Carried } from '../pipeline/confirming-writable.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { SourceMetrics } from '../telemetry/source-metrics.ts'
import type { CommitEvent } from '../wal/event.ts'
import type { Lsn } from '../wal/lsn.ts'
import { isPassing } from './passing-errors.ts'
import type { ReplicationConnection } from './replication-connection.ts'
import { ResumePoint } from './resume-point.ts'
import { SlotSession } from './slot-session.ts'
import type { OpenMessages } from './slot-session.ts'
import { examineSource } from './source-state.ts'
import type { SourceState } from './source-state.ts'
import { TellOnce } from './tell-once.ts'

export interface SlotReaderOptions {
  readonly url: string
  readonly slotName: string | undefined
  readonly logger: Logger
  readonly metrics: SourceMetrics
  readonly openMessages: OpenMessages
  /** Whether to come back after the connection was lost, or to fail. */
  readonly reconnect: boolean
  /** Up to where everything is durable now. */
  readonly confirmed: () => Lsn
}

export interface SlotReaderHandlers {
  /** The slot is ours, until `onLost`; what the server had sent at once may have been handed on before. */
  readonly onReading: () => void
  /** What was not handed on before; `bytes`: of the message that said it. */
  readonly onEvent: (event: Carried | CommitEvent, bytes: number) => void
  readonly onPosition: (position: Lsn) => void
  /** The connection is gone; what it had begun to send comes again by the next. */
  readonly onLost: () => void
  /** It cannot go on. */
  readonly onFailed: (error: Error) => void
}

const firstPauseMs = 100
const longestPauseMs = 10_000
/** How long `close` lets a connection be made that it then ends in order: cut, it would hold the slot a little longer. */
const openingGraceMs = 2_000
/** A server that is taken for dead again and again is given more time: it may be busy with one large transaction. */
const mostPatience = 16

/**
 * Reads a slot over as many connections as it takes: comes back after each loss, waits while somebody else reads the
 * slot, and hands nothing on twice.
 *
 * Fails when waiting would not help, and when the source is not what it was. A server that cannot be reached at the very
 * start is a failure, too: most of the time its address is wrong.
 */
export class SlotReader {
  readonly #options: SlotReaderOptions
  readonly #handlers: SlotReaderHandlers
  readonly #backOff = new BackOff({ firstMs: firstPauseMs, mostMs: longestPauseMs })
  readonly #resumePoint = new ResumePoint()
  readonly #tell: TellOnce
  /** The server was asked and the slot is there: what fails from now on may pass. */
  #isFound = false
  #source: SourceState | null = null
  /** Server processes of the last session that read, and of attempts since. */
  readonly #processes = new Set<number>()
  #session: SlotSession | null = null
  #opening: Promise<void> = Promise.resolve()
  #abort = new AbortController()
  #pauseTimer: NodeJS.Timeout | undefined
  #patience = 1
  #paused = false
  #closed = false

  constructor(options: SlotReaderOptions, handlers: SlotReaderHandlers) {
    this.#options = options
    this.#handlers = handlers
    this.#tell = new TellOnce(options.logger)
  }

  /** Between the begin of a transaction and its commit. */
  get inTransaction(): boolean {
    return this.#session?.inTransaction ?? false
  }

  /** Resolves when the server sends, or will be asked again. @throws {PgstreamError} when that would not help. */
  async open(): Promise<void> {
    const abort = new AbortController()
    this.#abort = abort
    const opened = this.#open(abort.signal)
    this.#opening = opened.catch(() => undefined)
    try {
      await opened
    } catch (error) {
      this.#isFound ||= asPgstreamError(error).code === 'PGSTREAM_SLOT_ACTIVE'
      if (!this.#mayComeBack(error)) throw error
      this.#comeBackAfter(error)
    }
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { url, slotName, logger, openMessages, confirmed } = this.#options
    const session = await SlotSession.open(
      {
        ...{ url, slotName, logger, openMessages, confirmed, signal, patience: this.#patience },
        examine: (now, connection) => this.#examine(now, connection),
        onProcess: (pid) => void this.#processes.add(pid),
        ours: this.#source ? this.#processes : undefined,
      },
      {
        onEvent: (event, bytes) => this.#onEvent(event, bytes),
        onPosition: (position) => this.#onPosition(position),
        onEnd: (error) => this.#onEnd(error),
      },
    )
    if (session.error !== null) throw session.error
    this.#session = session
    this.#source = session.source
    for (const pid of [...this.#processes].slice(0, -1)) this.#processes.delete(pid)
    if (this.#paused) session.pause()
    this.#tell.forget()
    this.#options.metrics.reading()
    const { slot, plugin, database, systemId, timeline } = session.source
    logger.info({ slot, plugin, database, systemId, timeline }, 'reading the replication slot')
    this.#handlers.onReading()
  }

  async #examine(now: SourceState, connection: ReplicationConnection): Promise<void> {
    this.#isFound = true
    const before = this.#source
    if (!before) this.#resumePoint.reach(now.confirmed)
    else {
      const reached = this.#resumePoint.position
      await examineSource({ before, now, reached, connection, logger: this.#options.logger })
    }
  }

  #onEvent(event: Carried | CommitEvent, bytes: number): void {
    if (event.kind !== 'plugin-message' && !this.#resumePoint.pass(event)) return
    this.#goesOn()
    this.#handlers.onEvent(event, bytes)
  }

  #onPosition(position: Lsn): void {
    if (!this.#resumePoint.reach(position)) return
    this.#goesOn()
    this.#handlers.onPosition(position)
  }

  /** Something new came: not merely a connection, which may break at the same place again. */
  #goesOn(): void {
    this.#patience = 1
    this.#backOff.succeeded()
  }

  #onEnd(error: Error): void {
    if (this.#closed || !this.#session) return // while opening: `#open` sees it
    this.#session = null
    this.#handlers.onLost()
    if (this.#mayComeBack(error)) this.#comeBackAfter(error)
    else this.#handlers.onFailed(error)
  }

  #mayComeBack(error: unknown): boolean {
    return this.#options.reconnect && isPassing(error, { readBefore: this.#isFound })
  }

  #comeBackAfter(error: unknown): void {
    if (this.#closed) return
    const pauseMs = this.#backOff.next()
    const { code, message, remedy } = asPgstreamError(error)
    this.#options.metrics.lost(error)
    this.#tell.warn({ code, remedy }, `${message} Trying again until it works`)
    this.#patience = Math.min(mostPatience, this.#patience * 2)
    this.#pauseTimer = setTimeout(() => {
      this.open().catch((reason: unknown) => {
        if (!this.#closed) this.#handlers.onFailed(reason as Error)
      })
    }, pauseMs)
  }

  pause(): void {
    this.#paused = true
    this.#session?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#session?.resume()
  }

  /** More is durable. */
  onConfirmed(): void {
    this.#session?.onConfirmed()
  }

  /** Tells the server what is durable, and lets go of the slot. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#pauseTimer)
    const deadline = setTimeout(() => this.#abort.abort(), openingGraceMs)
    await this.#opening
    clearTimeout(deadline)
    await this.#session?.close()
  }
}
