import type pg from 'pg'
import { asPgstreamError } from '../telemetry/as-pgstream-error.ts'
import { Growth } from '../telemetry/growth.ts'
import type { Logger } from '../telemetry/logger.ts'
import { describeRetainedWal, retainedWalLevels, retainedWalRemedy } from '../telemetry/retained-wal.ts'
import type { RetainedWal, RetainedWalLevel, SlotSight } from '../telemetry/retained-wal.ts'
import { connect } from './connect.ts'
import { lookAtBackfill } from './look-at-backfill.ts'
import { fromPostgres } from './postgres-error.ts'
import { readRetainedWal } from './read-retained-wal.ts'
import { slotMissing } from './slot.ts'

export interface SlotGuardianOptions {
  readonly url: string
  readonly slotName: string
  /** Our own limit, in bytes. */
  readonly maxRetainedWal: number
  readonly logger: Logger
  readonly everyMs?: number
}

const defaultEveryMs = 2_000
const queryTimeoutMs = 10_000

/**
 * Looks every two seconds at what the slot makes the server keep and how far its backfill is, and warns when 50, 80 and 95 % of the limit are passed.
 * Never fails: that the source is away is for the listener to say.
 */
export class SlotGuardian {
  readonly #options: SlotGuardianOptions
  readonly #growth = new Growth()
  readonly #abort = new AbortController()
  readonly #timer: NodeJS.Timeout
  #sight: SlotSight = { retained: null, backfill: null, seenAt: 0, problem: null }
  #client: pg.Client | null = null
  #looking: Promise<void> | null = null
  /** Asking again would fill the server's log. */
  #knowsBackfills = true
  #told: RetainedWalLevel = 'ok'

  constructor(options: SlotGuardianOptions) {
    this.#options = options
    this.#start()
    this.#timer = setInterval(() => this.#start(), options.everyMs ?? defaultEveryMs)
  }

  get sight(): SlotSight {
    return this.#sight
  }

  /** Resolves when it touches nothing any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#abort.abort()
    await this.#looking
    await this.#client?.end().catch(() => undefined)
  }

  #start(): void {
    this.#looking ??= this.#look().finally(() => (this.#looking = null))
  }

  async #look(): Promise<void> {
    const { url, slotName, maxRetainedWal, logger } = this.#options
    try {
      this.#client ??= await connect(url, {
        applicationName: 'pgstream guardian',
        signal: this.#abort.signal,
        queryTimeoutMs,
      })
      const growthOf = (bytes: number): number => this.#growth.add(performance.now(), bytes)
      const retained = await readRetainedWal(this.#client, slotName, maxRetainedWal, growthOf)
      const problem = retained ? null : asProblem(slotMissing(slotName))
      const backfill = this.#knowsBackfills ? await lookAtBackfill(this.#client, slotName) : null
      this.#knowsBackfills &&= backfill !== undefined
      this.#sight = { retained, backfill: backfill ?? null, seenAt: Date.now(), problem }
      if (retained) this.#tell(retained)
    } catch (cause) {
      const error = fromPostgres(cause, 'looking at the replication slot')
      this.#sight = { ...this.#sight, problem: asProblem(error) }
      if (!this.#abort.signal.aborted) logger.debug({ error }, 'the slot cannot be looked at')
      await this.#client?.end().catch(() => undefined)
      this.#client = null
    }
  }

  /** Each level once on the way up, and once that it is over. */
  #tell(retained: RetainedWal): void {
    const { level } = retained
    const { logger } = this.#options
    const rank = retainedWalLevels.indexOf(level)
    const toldRank = retainedWalLevels.indexOf(this.#told)
    if (rank === toldRank) return
    this.#told = level
    const { retainedBytes, limitBytes, limitedBy, secondsLeft } = retained
    const fields = { retainedBytes, limitBytes, limitedBy, secondsLeft }
    const sentence = describeRetainedWal(retained)
    if (rank < toldRank) logger.info(fields, `${sentence} It was more before.`)
    else if (level === 'critical' || level === 'lost')
      logger.error({ ...fields, remedy: retainedWalRemedy }, sentence)
    else logger.warn({ ...fields, remedy: retainedWalRemedy }, sentence)
  }
}

const asProblem = (error: unknown): { code: string; message: string } => {
  const { code, message } = asPgstreamError(error)
  return { code, message }
}
