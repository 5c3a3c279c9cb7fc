import { setTimeout as pause } from 'node:timers/promises'
import { asPgstreamError } from '../../telemetry/as-pgstream-error.ts'
import type { Carried } from '../../pipeline/confirming-writable.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { CommitEvent } from '../../wal/event.ts'
import { noLsn } from '../../wal/lsn.ts'
import type { Lsn } from '../../wal/lsn.ts'
import type { AddedRow, Companion } from '../companion.ts'
import { isPassing } from '../passing-errors.ts'
import { sqlState } from '../postgres-error.ts'
import { TellOnce } from '../tell-once.ts'
import { BackfillDriver } from './backfill-driver.ts'
import { BackfillStore } from './backfill-store.ts'
import { SteadySession } from '../steady-session.ts'
import { describeSlot } from './slot-of.ts'
import type { DescribedSlot } from './slot-of.ts'
import { StreamSide } from './stream-side.ts'
import { TableFill } from './table-fill.ts'
import type { Progress } from './table-fill.ts'

export interface CompanionOptions {
  readonly url: string
  readonly slotName: string | undefined
  readonly logger: Logger
  readonly wants: (schema: string, table: string) => boolean
  readonly mostRows: number | undefined
  /** Asks for tables at the start, as far as nobody did before. */
  readonly ask: (() => Promise<unknown>) | null
}

const retryMs = 500
const closeMs = 2_000
/** The table is not there, or not for this user. */
const notForUs: ReadonlySet<string | undefined> = new Set(['42P01', '42501'])

/** Everything of a backfill that belongs to one listener: its place in the stream, what reads, and what is written down. */
export class BackfillCompanion implements Companion {
  readonly #options: CompanionOptions
  readonly #stream: StreamSide
  readonly #connection: SteadySession
  readonly #abort = new AbortController()
  readonly #tell: TellOnce
  #slot: DescribedSlot | null = null
  #store: BackfillStore | null = null
  #driver: BackfillDriver | null = null
  #running: Promise<void> = Promise.resolve()
  #writing: Promise<void> = Promise.resolve()
  /** Rejects when something was not written for good. */
  #lastWrite: Promise<void> = Promise.resolve()
  #durableTo: Lsn = noLsn

  constructor(options: CompanionOptions) {
    this.#options = options
    this.#connection = new SteadySession({
      url: options.url,
      applicationName: 'pgstream backfill',
      logger: options.logger,
    })
    this.#tell = new TellOnce(options.logger)
    this.#stream = new StreamSide({ look: () => this.#driver?.look(), moved: () => this.#driver?.wake() })
  }

  async open(): Promise<void> {
    await this.#patiently(() => this.#ask(), false)
  }

  /**
   * What was begun before is known before the first event: what happens to it in the stream matters from there on. Not
   * sooner: as long as another process reads the slot, the backfill is its own, and our watermarks would come to it.
   */
  async reading(): Promise<void> {
    await this.#patiently(() => this.#begin(), true)
  }

  async #patiently(work: () => Promise<void>, readBefore: boolean): Promise<void> {
    while (!this.#abort.signal.aborted) {
      try {
        return await work()
      } catch (error) {
        // the listener waits for such a server, too
        if (this.#abort.signal.aborted || !isPassing(error, { readBefore })) throw error
        const { code, message, remedy } = asPgstreamError(error)
        this.#tell.warn({ code, remedy }, `${message} Trying again until it works`)
        await pause(retryMs, undefined, { signal: this.#abort.signal }).catch(() => undefined)
      }
    }
  }

  async #ask(): Promise<void> {
    const { slotName, logger, ask } = this.#options
    const slot = await describeSlot(this.#connection, slotName)
    const store = new BackfillStore(this.#connection, slot.name, this.#stream.run)
    try {
      await ask?.()
      await store.open()
    } catch (error) {
      const cause = asPgstreamError(error).cause
      if (ask || !notForUs.has(sqlState(cause))) throw error
      const { code, message } = asPgstreamError(error)
      const text =
        'no backfill is possible: run pgstream init once more, and let this user use pgstream.backfills'
      logger.warn({ code }, `${text}. ${message}`)
      return
    }
    this.#slot = slot
    this.#store = store
  }

  async #begin(): Promise<void> {
    const { url, logger, wants, mostRows } = this.#options
    const [slot, store] = [this.#slot, this.#store]
    if (!slot || !store) return
    for (const each of await store.takeOver()) {
      const known = this.#stream.tables.get(each.oid)
      if (known?.requestedAt === each.requestedAt) continue
      if (known) this.#stream.dropTable(known)
      this.#stream.tables.set(each.oid, new TableFill(each, mostRows))
    }
    if (this.#abort.signal.aborted) return
    if (this.#driver) return this.#driver.look()
    this.#driver = new BackfillDriver({
      ...{
        url,
        store,
        stream: this.#stream,
        plugin: slot.plugin,
        logger,
        wants,
        mostRows,
        signal: this.#abort.signal,
      },
      settle: () => void this.#settle(this.#durableTo),
    })
    this.#running = this.#driver.run()
  }

  see(event: Carried | CommitEvent, printed: boolean): Iterator<AddedRow> | null {
    return this.#stream.see(event, printed)
  }

  durable(lsn: Lsn): void | Promise<void> {
    if (lsn > this.#durableTo) this.#durableTo = lsn
    const held = this.#settle(lsn)
    this.#driver?.wake()
    return held
  }

  /** Writes down what has come to its end; a promise for what must be there before the source forgets. */
  #settle(lsn: Lsn): void | Promise<void> {
    let mustHold = false
    for (const table of this.#stream.tables.values()) {
      mustHold ||= table.hasUnwritten(lsn)
      const progress = table.durable(lsn, this.#stream.traffic.now)
      if (progress !== null) void this.#write(table, progress)
    }
    // what was to be written before is, too: perhaps it is under way
    return mustHold ? this.#lastWrite : undefined
  }

  /** One after the other, so that what is newer wins. Rejects when it was not written for good. */
  #write(table: TableFill, progress: Progress): Promise<void> {
    const written = (this.#lastWrite = this.#writing.then(() => this.#writeNow(table, progress)))
    this.#writing = written.catch(() => undefined)
    return written
  }

  async #writeNow(table: TableFill, progress: Progress): Promise<void> {
    const isOurs = await this.#store!.write(table, progress, this.#abort.signal)
    table.wasWritten(progress)
    if (!isOurs) this.#letGo(table, await this.#store!.fateOf(table))
    else if (progress.isDone) this.#letGo(table, 'the backfill of a table is done')
    this.#driver?.wake()
  }

  #letGo(table: TableFill, fate: string): void {
    const { tables } = this.#stream
    if (tables.get(table.oid) !== table) return
    tables.delete(table.oid)
    this.#stream.dropTable(table)
    const seconds = Math.round((performance.now() - table.startedAt) / 100) / 10
    this.#options.logger.info({ table: table.name, rows: table.rows, seconds }, fate)
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => void this.#connection.close(), closeMs)
    this.#abort.abort()
    await this.#running
    await this.#writing
    clearTimeout(timer)
    await this.#connection.close()
  }
}
