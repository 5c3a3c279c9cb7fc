import { PgstreamError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import { sqlState } from './postgres-error.ts'

/** What waiting may mend once the source was found: nobody had to change a setting for it to work. */
const passingOnceRead: ReadonlySet<ErrorCode> = new Set([
  'PGSTREAM_SOURCE_UNREACHABLE',
  'PGSTREAM_SOURCE_EXHAUSTED',
  'PGSTREAM_SOURCE_STANDBY',
  'PGSTREAM_NO_FREE_SLOT',
  'PGSTREAM_SLOT_ACTIVE',
])

/** A server that starts, stops or recovers. */
export const cannotConnectNow = '57P03'

/** Whether the same may work later, without anybody doing anything to pgstream. */
export function isPassing(error: unknown, { readBefore }: { readBefore: boolean }): boolean {
  if (!(error instanceof PgstreamError)) return false
  if (readBefore) return passingOnceRead.has(error.code)
  return error.code === 'PGSTREAM_SLOT_ACTIVE' || sqlState(error.cause) === cannotConnectNow
}
