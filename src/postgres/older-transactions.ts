import type pg from 'pg'
import { describePrepared, describeSessions } from './sessions.ts'
import { listInWords, waitUntilFree } from './waiting.ts'
import type { Patience } from './waiting.ts'

const step = 'older transactions'

/**
 * Waits until every transaction of this database that began before the event triggers has ended: it may have created a
 * table that no trigger saw. Remembers that, so that a later `init` does not wait for what is open then.
 */
export async function settleMigrations(client: pg.ClientBase, patience: Patience): Promise<void> {
  const { rows } = await client.query('select from pgstream.migrations where settled_at is null limit 1')
  if (rows.length === 0) {
    patience.report({ step, state: 'already', detail: 'none is open that began before the event triggers' })
    return
  }
  const older = new Set((await openTransactions(client)).keys())
  let sessionsLeft = true
  await waitUntilFree(
    {
      step,
      look: async () => {
        const open = await openTransactions(client)
        // what a session prepared since the last look may be one of those that are waited for
        if (sessionsLeft) for (const id of open.keys()) if (isPrepared(id)) older.add(id)
        const left = [...open].filter(([id]) => older.has(id))
        sessionsLeft = left.some(([id]) => !isPrepared(id))
        const names = listInWords(left.map(([, description]) => description))
        return left.length === 0
          ? null
          : `${names} began before the event triggers were there and must end first`
      },
      remedy:
        'End these transactions (commit, or select pg_terminate_backend(pid); commit prepared or rollback prepared), then run it again.',
    },
    patience,
  )
  await client.query('update pgstream.migrations set settled_at = now() where settled_at is null')
  const detail = older.size === 0 ? 'none was open' : `none is left of the ${older.size} that were open`
  patience.report({ step, state: 'done', detail })
}

const isPrepared = (id: string): boolean => id.startsWith('prepared ')

/** Each open transaction of this database by an id that no other one ever has; the prepared ones have no pid. */
export const openTransactionsSql = `select l.virtualxid as id, l.pid
   from pg_locks l join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'virtualxid' and l.granted and l.mode = 'ExclusiveLock' and l.pid <> pg_backend_pid()
    and a.datname = current_database()
    and a.backend_type not in ('autovacuum worker', 'parallel worker', 'walsender')
  union all
 select 'prepared ' || transaction, null from pg_prepared_xacts where database = current_database()`

async function openTransactions(client: pg.ClientBase): Promise<Map<string, string>> {
  const { rows } = await client.query<{ id: string; pid: number | null }>(openTransactionsSql)
  const sessions = await describeSessions(
    client,
    rows.flatMap(({ pid }) => pid ?? []),
  )
  const prepared = await describePrepared(client)
  return new Map(
    rows.map(({ id, pid }) => [id, (pid === null ? prepared.get(id.slice(9)) : sessions.get(pid)) ?? id]),
  )
}
