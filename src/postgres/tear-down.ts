import { PgstreamError } from '../errors.ts'
import type { ReportStep, Step } from './step.ts'

export interface TearDownOptions {
  url: string
  /** Default: every slot that pgstream made in this database. */
  slotName?: string | undefined
  report?: ReportStep | undefined
  /** How long to wait for other sessions' locks, all in all. Default: for ever. */
  waitTimeoutMs?: number | undefined
  signal?: AbortSignal | undefined
}

export interface TearDownReport {
  readonly database: string
  readonly steps: readonly Step[]
}

/**
 * Removes what `init` made and restores what it changed, also after half an `init`, also twice.
 * @throws {PgstreamError} PGSTREAM_SLOT_ACTIVE when somebody still reads from the slot; nothing was removed then.
 */
export async function tearDown(options: TearDownOptions): Promise<TearDownReport> {
  throw new PgstreamError(
    'PGSTREAM_INTERNAL',
    `tear-down is not there yet (${Object.keys(options).length} options)`,
  )
}
