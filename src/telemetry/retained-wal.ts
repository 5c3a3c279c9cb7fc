import type { BackfillStatus } from './backfill-status.ts'
import { formatBytes, formatSeconds } from './format.ts'

/** What the server says of a slot. */
export interface SlotFacts {
  readonly slot: string
  readonly plugin: string | null
  readonly activePid: number | null
  /** `reserved`, `extended`, `unreserved`, `lost`; null where nothing is kept. */
  readonly walStatus: string | null
  readonly currentLsn: string
  readonly confirmedLsn: string | null
  /** WAL that was written behind what is confirmed, in bytes. */
  readonly lagBytes: number
  /** WAL that the slot makes the server keep, in bytes. */
  readonly retainedBytes: number
  /** How much more may be written until the server takes the slot's WAL away; null where it never does. */
  readonly safeBytes: number | null
}

export const retainedWalLevels = ['ok', 'half', 'high', 'critical', 'lost'] as const
/** From 50, 80 and 95 % of the limit on; lost: the server took WAL away that the slot needs. */
export type RetainedWalLevel = (typeof retainedWalLevels)[number]

export interface RetainedWal extends SlotFacts {
  /** The server's limit or ours, whichever comes first, in bytes. */
  readonly limitBytes: number
  readonly limitedBy: 'max_slot_wal_keep_size' | 'PGSTREAM_POSTGRES_LISTENER_MAX_RETAINED_WAL'
  /** Of the limit; above 1 when it is passed. */
  readonly share: number
  readonly level: RetainedWalLevel
  /** How fast it grows; 0 where that is not known or it does not. */
  readonly bytesPerSecond: number
  /** Until the limit, at that speed; null when it does not grow. */
  readonly secondsLeft: number | null
}

/** What the facts mean, given the limit that the settings name and how fast the WAL kept has grown. */
export function judgeRetainedWal(facts: SlotFacts, maxBytes: number, bytesPerSecond = 0): RetainedWal {
  const { retainedBytes, safeBytes, walStatus } = facts
  const servers = safeBytes === null ? Infinity : Math.max(1, retainedBytes + safeBytes)
  const limitBytes = Math.min(maxBytes, servers)
  const share = retainedBytes / limitBytes
  return {
    ...facts,
    limitBytes,
    limitedBy: servers < maxBytes ? 'max_slot_wal_keep_size' : 'PGSTREAM_POSTGRES_LISTENER_MAX_RETAINED_WAL',
    share,
    level: walStatus === 'lost' ? 'lost' : walStatus === 'unreserved' ? 'critical' : levelOf(share),
    bytesPerSecond,
    secondsLeft: bytesPerSecond > 0 ? Math.max(0, (limitBytes - retainedBytes) / bytesPerSecond) : null,
  }
}

const levelOf = (share: number): RetainedWalLevel =>
  share >= 0.95 ? 'critical' : share >= 0.8 ? 'high' : share >= 0.5 ? 'half' : 'ok'

/** One sentence, or two. */
export function describeRetainedWal(retained: RetainedWal): string {
  const { slot, level, retainedBytes, limitBytes, limitedBy, share, secondsLeft, safeBytes } = retained
  if (level === 'lost') return `The replication slot ${slot} is lost: Postgres removed WAL that it needs.`
  const percent = share < 0.1 ? (share * 100).toFixed(1) : String(Math.round(share * 100))
  const kept = `The replication slot ${slot} keeps ${formatBytes(retainedBytes)} of WAL, ${percent} % of ${formatBytes(limitBytes)} (${limitedBy})`
  const left =
    secondsLeft === null ? '.' : `; at the present speed that is reached in ${formatSeconds(secondsLeft)}.`
  const then =
    level === 'ok'
      ? ''
      : limitedBy === 'max_slot_wal_keep_size'
        ? ' Then Postgres drops WAL that is needed, and the stream is broken.'
        : safeBytes === null
          ? ' The server has no limit of its own: the disk fills.'
          : ''
  return `${kept}${left}${then}`
}

export const retainedWalRemedy =
  'See that pgstream runs and its destination keeps up (pgstream status). Make room on the disk, or raise the limit. A slot that nobody needs: pgstream tear-down.'

/** What was last seen of a slot. */
export interface SlotSight {
  /** Null before the first look, and when there is no such slot. */
  readonly retained: RetainedWal | null
  /** Null when nobody asked for any, or it cannot be read. */
  readonly backfill: BackfillStatus | null
  /** Milliseconds since 1970; 0 before the first look that succeeded. */
  readonly seenAt: number
  /** Why the last look failed. */
  readonly problem: { readonly code: string; readonly message: string } | null
}
