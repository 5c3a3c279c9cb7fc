import type { ConfigRead } from '../config/read-config.ts'
import type { BackfillStatus } from '../telemetry/backfill-status.ts'
import { describeError } from '../telemetry/describe-error.ts'
import type { ErrorDescription } from '../telemetry/describe-error.ts'
import type { RetainedWal } from '../telemetry/retained-wal.ts'
import type { StreamStatus } from '../telemetry/stream-status.ts'
import { lookAtSlot } from '../postgres/look-at-slot.ts'
import { askRunning } from './ask-running.ts'
import type { NotReached } from './ask-running.ts'
import { kafkaRoles } from './kafka-settings.ts'
import { defaultSourceUrl, findSourceUrl } from './source-url.ts'

/** What `pgstream status` found; src/schemas/status.json describes it. */
export interface StatusReport {
  readonly ok: boolean
  /** Null for a source without a slot, and where it cannot be looked at. */
  readonly slot: RetainedWal | null
  /** Null when nobody asked for any. */
  readonly backfill: BackfillStatus | null
  /** Why the slot cannot be looked at. */
  readonly problem: ErrorDescription | null
  /** What the running pgstream that was asked says of itself. */
  readonly running: StreamStatus | null
  readonly notReached: NotReached | null
}

/** Null where Kafka is the source. */
export function slotUrl(read: ConfigRead): string | null {
  const { url } = findSourceUrl(read) ?? {}
  return url ?? (kafkaRoles(read.config).reads ? null : defaultSourceUrl.url)
}

/** Looks at the slot, and asks the pgstream that the settings name. Rejects with nothing that they find. */
export async function statusReport({ config }: ConfigRead, url: string | null): Promise<StatusReport> {
  const { slotName, maxRetainedWal } = config.postgresListener
  const { opsAddress } = config.telemetry
  const [seen, answer] = await Promise.all([
    url === null
      ? null
      : lookAtSlot({ url, slotName, maxRetainedWal }).catch((error: unknown) => ({
          problem: describeError(error),
        })),
    opsAddress ? askRunning(opsAddress) : null,
  ])
  const found = seen && 'retained' in seen ? seen : null
  const slot = found?.retained ?? null
  const running = answer && 'sinks' in answer ? answer : null
  const isUsable = url === null || (slot !== null && slot.level !== 'lost')
  return {
    ok: isUsable && (opsAddress === undefined || running?.ready === true),
    slot,
    backfill: found?.backfill ?? null,
    problem: seen && 'problem' in seen ? seen.problem : null,
    running,
    notReached: answer && !('sinks' in answer) ? answer : null,
  }
}
