import { PgstreamError } from '../errors.ts'
import type { ReportStep, Step } from './step.ts'

export interface InitOptions {
  url: string
  /** Default: `pgstream_<database>_slot`, mapped to what Postgres allows. */
  slotName?: string | undefined
  /** The output plugin of the slot. */
  plugin?: 'pgoutput' | undefined
  report?: ReportStep | undefined
  /** How long to wait for other sessions' transactions and locks, all in all. Default: for ever. */
  waitTimeoutMs?: number | undefined
  /** Stops the waiting; what was done stays done. */
  signal?: AbortSignal | undefined
}

export interface InitReport {
  readonly database: string
  readonly slot: string
  readonly publication: string
  /** Everything that was reported but the waiting. */
  readonly steps: readonly Step[]
}

/**
 * Prepares a database: everything in schema `pgstream`, the event triggers, replica identities, publication and slot.
 * Can be run again at any time, by several at once; goes on where another run was cut.
 * @throws {PgstreamError}
 */
export async function init(options: InitOptions): Promise<InitReport> {
  throw new PgstreamError(
    'PGSTREAM_INTERNAL',
    `init is not there yet (${Object.keys(options).length} options)`,
  )
}
