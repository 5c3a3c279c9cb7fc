import type { WalEvent } from '../../../src/wal/event.ts'
import type { Limits } from './oracle/compare-rows.ts'
import { compareTransactions } from './oracle/compare-transactions.ts'
import { compareWithSource } from './oracle/compare.ts'
import { shown } from './oracle/problems.ts'
import { Rebuilt } from './oracle/rebuilt.ts'
import type { SourceState } from './oracle/source-state.ts'
import type { Transactions } from './transaction-log.ts'

export interface Evidence {
  /** Of a stream that began with an empty database. */
  readonly events: readonly WalEvent[]
  /** What the database holds where these events end. */
  readonly source: SourceState
  readonly transactions: Transactions
  readonly limits: Limits
  /** What came when everything was dropped afterwards. */
  readonly cleared?: readonly WalEvent[]
  /** Before which of the events all rows are forgotten, for a backfill to bring them. */
  readonly lostAt?: number | undefined
}

/** Everything that is wrong with a stream: in itself, and compared with its source. */
export function judge({ events, source, transactions, limits, cleared = [], lostAt }: Evidence): string[] {
  const rebuilt = new Rebuilt({ generated: limits.generated })
  for (const event of events.slice(0, lostAt)) rebuilt.take(event)
  const twins = lostAt === undefined ? undefined : rebuilt.loseRows()
  for (const event of lostAt === undefined ? [] : events.slice(lostAt)) rebuilt.take(event)
  const problems = [
    ...rebuilt.problems,
    ...compareTransactions(rebuilt, transactions),
    ...compareWithSource(rebuilt, source, limits, twins),
  ]
  const before = rebuilt.problems.length
  for (const event of cleared) rebuilt.take(event)
  problems.push(...rebuilt.problems.slice(before))
  const left = cleared.length > 0 ? [...rebuilt.schemas, ...rebuilt.tables.map(({ name }) => name)] : []
  if (left.length > 0) problems.push(`everything was dropped, but not ${shown(left)}`)
  return problems
}
