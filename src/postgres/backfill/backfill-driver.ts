import { setTimeout as pause } from 'node:timers/promises'
import { PgstreamError } from '../../errors.ts'
import { asPgstreamError } from '../../telemetry/as-pgstream-error.ts'
import { BackOff } from '../../pipeline/back-off.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { OutputPlugin } from '../../wal/plugin-message.ts'
import { fromPostgres, sqlState } from '../postgres-error.ts'
import { TellOnce } from '../tell-once.ts'
import type { BackfillStore } from './backfill-store.ts'
import { ChunkReader } from './chunk-reader.ts'
import type { Chunk } from './chunk.ts'
import { Filler } from './filler.ts'
import type { BegunChunk } from './begun-chunk.ts'
import { ProgressLog } from './progress-log.ts'
import { Signal } from './signal.ts'
import type { StreamSide } from './stream-side.ts'
import { TableFill } from './table-fill.ts'

export interface DriverOptions {
  readonly url: string
  readonly store: BackfillStore
  readonly stream: StreamSide
  readonly plugin: OutputPlugin
  readonly logger: Logger
  readonly wants: (schema: string, table: string) => boolean
  readonly mostRows: number | undefined
  readonly signal: AbortSignal
  /** Looks whether something has come to its end. */
  readonly settle: () => void
}

/** Chunks, or parts of one, that are open or not durable yet: one while others use the stream much. */
const mostUnderway = { busy: 1, light: 2, none: 4 }
/** While others use the stream much: as long as reading a chunk took, but no longer, and behind each part of it. Without a rest Postgres and we have both of two cores busy. */
const mostRestMs = 20
const restMs = 1
const lookAgainMs = 30_000
/** What asks to look is in the stream before others can see what it is about. */
const lookSoon = { everyMs: 200, forMs: 10_000 }
const pollBlockedMs = 100
const tellBlockedMs = 5_000
const mostFailures = 20

/** The server went away, or is a standby that is about to be promoted: no table is to blame. */
const ofTheServer = /^(08|57P|25006)/
/** What another look at the table may mend: it was altered, or the statement was ended by somebody. */
const passing: ReadonlySet<string | undefined> = new Set(['42P01', '42703', '42883', '42704', '57014'])
/** Somebody has a lock on it, for as long as they like. */
const locked = '55P03'

/** Fills the tables that are asked for, one after the other; those that have to wait let others go first. */
export class BackfillDriver {
  readonly #options: DriverOptions
  readonly #signal = new Signal()
  readonly #blocked = new Map<TableFill, BegunChunk>()
  readonly #log: ProgressLog
  readonly #tell: TellOnce
  #mustLook = true
  #lookedAt = 0
  #askedAt = -Infinity

  constructor(options: DriverOptions) {
    this.#options = options
    this.#log = new ProgressLog(options.logger)
    this.#tell = new TellOnce(options.logger)
  }

  /** Something may be possible that was not. */
  wake(): void {
    this.#signal.set()
  }

  /** Somebody asked for a backfill, or cancelled one. */
  look(): void {
    this.#mustLook = true
    this.#askedAt = performance.now()
    this.#signal.set()
  }

  /** Works until the signal fires. Never rejects: what is lost is tried again, a table that cannot be read is told. */
  async run(): Promise<void> {
    const { signal } = this.#options
    signal.addEventListener('abort', () => this.#signal.set(), { once: true })
    const backOff = new BackOff({ firstMs: 200, mostMs: 10_000 })
    while (!signal.aborted) {
      try {
        await this.#work(backOff)
      } catch (cause) {
        if (signal.aborted) return
        const { code, message, remedy } = asPgstreamError(fromPostgres(cause, 'the backfill'))
        this.#tell.warn({ code, remedy }, `${message} Trying again until it works`)
        await pause(backOff.next(), undefined, { signal }).catch(() => undefined)
      } finally {
        this.#blocked.clear()
        this.#options.stream.dropAll()
      }
    }
  }

  async #work(backOff: BackOff): Promise<void> {
    const { url, signal, store, stream, plugin, wants, settle } = this.#options
    await this.#look()
    while (stream.tables.size === 0 && !signal.aborted) await this.#idle()
    if (signal.aborted) return
    const cut = new AbortController()
    const onAbort = (): void => cut.abort()
    signal.addEventListener('abort', onAbort, { once: true })
    let reader: ChunkReader | null = null
    try {
      reader = await ChunkReader.open(url, cut.signal)
      const filler = new Filler({ reader, store, stream, plugin, wants })
      while (stream.tables.size > 0 && !signal.aborted) {
        await this.#look()
        const hasRead = await this.#step(filler)
        settle()
        if (!hasRead) await filler.marked
        if (!hasRead) await this.#idle()
        backOff.succeeded()
        this.#log.tell(stream.tables.values())
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      await reader?.close()
    }
  }

  async #idle(): Promise<void> {
    const hasWork = this.#options.stream.tables.size > 0
    await this.#signal.wait(this.#blocked.size > 0 ? pollBlockedMs : hasWork ? 1_000 : this.#lookEveryMs)
    await this.#look()
  }

  /** Reads a chunk; false when there is none that can be read now. */
  async #step(filler: Filler): Promise<boolean> {
    const { stream } = this.#options
    if (filler.sliced) return this.#goOn(filler, filler.sliced)
    for (const [table, blocked] of this.#blocked) {
      const isOutdated = stream.tables.get(table.oid) !== table || blocked.chunk.isOutdated
      if (!isOutdated && !(await this.#isFree(blocked))) continue
      this.#blocked.delete(table)
      if (isOutdated) stream.drop(blocked.chunk)
      if (isOutdated) continue
      await this.#attempt(filler, table, () => filler.read(blocked))
      return true
    }
    const tables = [...stream.tables.values()]
    const traffic = stream.traffic.now
    const begun = stream.open - this.#blocked.size - filler.ahead
    const underway = begun + tables.reduce((sum, table) => sum + table.underway, 0)
    if (underway >= mostUnderway[traffic]) return false
    const table = tables.find((each) => !this.#blocked.has(each) && each.hasMore)
    if (!table) return false
    const startedAt = performance.now()
    await this.#attempt(filler, table, async () => {
      const blocked = await filler.next(table, traffic)
      if (blocked) this.#blocked.set(table, blocked)
    })
    if (traffic === 'busy') await pause(Math.min(mostRestMs, performance.now() - startedAt))
    return true
  }

  /** What is left of a chunk follows when nothing of it is on its way. */
  async #goOn(filler: Filler, chunk: Chunk): Promise<boolean> {
    const { table } = chunk
    const { now: traffic } = this.#options.stream.traffic
    if (chunk.isMarked || table.underway >= mostUnderway[traffic]) return false
    await this.#attempt(filler, table, () => filler.mark(chunk))
    if (traffic === 'busy') await pause(restMs)
    return true
  }

  async #isFree({ writers, since, chunk }: BegunChunk): Promise<boolean> {
    if (await writers.haveEnded()) return true
    if (performance.now() - since > tellBlockedMs) {
      this.#tell.warn(
        { table: chunk.table.name, blockers: await writers.describe() },
        'the backfill of a table waits for transactions that were writing to it before',
      )
    }
    return false
  }

  /** What is wrong with one table does not stop the others. */
  async #attempt(filler: Filler, table: TableFill, work: () => Promise<void>): Promise<void> {
    const { stream } = this.#options
    try {
      await work()
    } catch (cause) {
      await filler.marked // no table is to blame for a `high` that failed
      const state = sqlState(cause)
      if (state === undefined && !(cause instanceof PgstreamError)) throw cause
      if (ofTheServer.test(state ?? '')) throw cause
      const { failures } = table
      stream.dropTable(table)
      if (state === locked) return this.#waitFor(table, failures)
      if (passing.has(state) && table.failures < mostFailures) {
        await pause(Math.min(1_000, 20 * 2 ** table.failures))
        return
      }
      await this.#fail(table, cause)
    }
  }

  /** No failure; the others go first. */
  #waitFor(table: TableFill, failures: number): void {
    const { tables } = this.#options.stream
    table.failures = failures
    tables.delete(table.oid)
    tables.set(table.oid, table)
    this.#tell.warn({ table: table.name }, 'the backfill of a table waits for somebody who has locked it')
  }

  async #fail(table: TableFill, cause: unknown): Promise<void> {
    const { store, stream, logger } = this.#options
    stream.tables.delete(table.oid)
    // what Postgres says of data may show a key
    const state = sqlState(cause) ?? ''
    const error = state.startsWith('22')
      ? new PgstreamError('PGSTREAM_BACKFILL_TABLE', `Reading ${table.name} failed (${state}).`)
      : fromPostgres(cause, `reading ${table.name}`)
    const { code, message, remedy } = error
    const then = cause instanceof PgstreamError ? '' : ' Then: pgstream backfill start.'
    await store.fail(table, `${message} ${remedy}${then}`)
    logger.error({ table: table.name, code, remedy }, `the backfill of a table failed: ${message}`)
  }

  get #lookEveryMs(): number {
    return performance.now() - this.#askedAt < lookSoon.forMs ? lookSoon.everyMs : lookAgainMs
  }

  /** Takes up what was asked for, and lets go of what was cancelled. */
  async #look(): Promise<void> {
    if (!this.#mustLook && performance.now() - this.#lookedAt < this.#lookEveryMs) return
    this.#mustLook = false
    this.#lookedAt = performance.now()
    const { store, stream, logger, mostRows } = this.#options
    const stored = await store.open()
    const wanted = new Map(stored.map(({ oid, requestedAt }) => [oid, requestedAt]))
    for (const [oid, table] of stream.tables) {
      if (wanted.get(oid) === table.requestedAt) continue
      stream.tables.delete(oid)
      stream.dropTable(table)
      logger.info({ table: table.name }, await store.fateOf(table))
    }
    for (const each of stored) {
      if (stream.tables.has(each.oid)) continue
      const table = new TableFill(each, mostRows)
      stream.tables.set(each.oid, table)
      logger.info({ table: table.name, rows: each.rows }, 'the backfill of a table begins, or goes on')
    }
  }
}
