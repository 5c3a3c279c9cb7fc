import type { Transactions } from '../transaction-log.ts'
import { isSame, shown } from './problems.ts'
import type { Rebuilt } from './rebuilt.ts'

/** Rows that Postgres counted are as many events; what was rolled back has none. */
export function compareTransactions(rebuilt: Rebuilt, { committed, rolledBack }: Transactions): string[] {
  const problems: string[] = []
  for (const [xid, expected] of committed) {
    if (!expected) continue
    const seen = rebuilt.counts.get(xid) ?? { insert: 0, update: 0, delete: 0 }
    if (!isSame(seen, expected)) {
      problems.push(
        `transaction ${xid} has the row events ${shown(seen)}, Postgres counted ${shown(expected)}`,
      )
    }
  }
  for (const xid of rolledBack) {
    if (rebuilt.counts.has(xid)) problems.push(`transaction ${xid} was rolled back, but has events`)
  }
  return problems
}
