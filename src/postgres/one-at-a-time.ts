import type pg from 'pg'
import { describeSessions } from './sessions.ts'
import { listInWords, waitUntilFree } from './waiting.ts'
import type { Patience } from './waiting.ts'

/** Of pg_advisory locks of the database; any number that nobody else uses. */
const lockKey = 724_591_302

/**
 * Does the work when no other session is at it in this database. Waits by asking again, never inside a statement: another
 * `init` that waits for open transactions would wait for that one.
 */
export async function oneAtATime<T>(
  client: pg.ClientBase,
  step: string,
  work: () => Promise<T>,
  patience: Patience,
): Promise<T> {
  const look = async (): Promise<string | null> => {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
      lockKey,
    ])
    return rows[0]?.taken ? null : `${await describeHolder(client)} is at it`
  }
  await waitUntilFree({ step, look, remedy: 'Let the other one end, then run it again.' }, patience)
  try {
    return await work()
  } finally {
    await client.query('select pg_advisory_unlock($1)', [lockKey]).catch(() => undefined)
  }
}

async function describeHolder(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ pid: number }>(
    `select pid from pg_locks
      where locktype = 'advisory' and granted and objid = $1
        and database = (select oid from pg_database where datname = current_database())`,
    [lockKey],
  )
  const sessions = await describeSessions(
    client,
    rows.map(({ pid }) => pid),
  )
  return sessions.size > 0 ? listInWords([...sessions.values()]) : 'another session'
}
