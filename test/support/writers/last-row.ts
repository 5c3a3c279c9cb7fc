import type { TemporaryDatabase } from '../postgres.ts'
import { sharedTable } from './open-transaction.ts'

/** Commits a row behind everything that writers wrote, once they have stopped; gives its transaction. */
export async function commitLastRow(database: TemporaryDatabase): Promise<number> {
  const [row] = await database.query<{ xid: string }>(
    `insert into ${sharedTable} (id) values (0) returning pg_current_xact_id()::text as xid`,
  )
  return Number(BigInt(row!.xid) & 0xffffffffn)
}
