import type { TemporaryDatabase } from './postgres.ts'

/** How far the WAL of the server is written. */
export async function currentLsn(database: Pick<TemporaryDatabase, 'query'>): Promise<bigint> {
  const [row] = await database.query<{ lsn: string }>(
    `select (pg_current_wal_insert_lsn() - '0/0')::text as lsn`,
  )
  return BigInt(row!.lsn)
}
