import type pg from 'pg'

interface SessionRow {
  pid: number
  usename: string | null
  application_name: string | null
  state: string | null
  seconds: number | null
}

/**
 * `pid 812 (user ann, application psql, in a transaction for 3 min, idle)` for each that is still there, the oldest
 * first: enough to find whom to ask or to end, and nothing of what they do.
 */
export async function describeSessions(
  client: pg.ClientBase,
  pids: readonly number[],
): Promise<Map<number, string>> {
  const { rows } = await client.query<SessionRow>(
    `select pid, usename, application_name, state, extract(epoch from clock_timestamp() - xact_start)::float8 as seconds
       from pg_stat_activity where pid = any ($1::int[]) order by xact_start nulls last, pid`,
    [pids],
  )
  return new Map(rows.map((row) => [row.pid, describe(row)]))
}

/** The prepared transactions of this database by their xid: they hold locks, and no session stands for them. */
export async function describePrepared(client: pg.ClientBase): Promise<Map<string, string>> {
  const { rows } = await client.query<{ xid: string; gid: string; owner: string; seconds: number }>(
    `select transaction::text as xid, gid, owner, extract(epoch from clock_timestamp() - prepared)::float8 as seconds
       from pg_prepared_xacts where database = current_database() order by prepared`,
  )
  return new Map(
    rows.map(({ xid, gid, owner, seconds }) => [
      xid,
      `the prepared transaction ${JSON.stringify(gid)} (user ${owner}, for ${formatAge(seconds)})`,
    ]),
  )
}

/** Who holds a lock on one of these tables, given by oid. */
export async function describeLockHolders(
  client: pg.ClientBase,
  tables: readonly number[],
): Promise<string[]> {
  const { rows } = await client.query<{ pid: number | null; xid: string }>(
    `select distinct pid, split_part(virtualtransaction, '/', 2) as xid from pg_locks
      where locktype = 'relation' and granted and relation = any ($1::oid[]) and pid is distinct from pg_backend_pid()
        and database = (select oid from pg_database where datname = current_database())`,
    [tables],
  )
  const sessions = await describeSessions(
    client,
    rows.flatMap(({ pid }) => pid ?? []),
  )
  if (rows.every(({ pid }) => pid !== null)) return [...sessions.values()]
  const prepared = await describePrepared(client)
  return [
    ...sessions.values(),
    ...rows.flatMap(({ pid, xid }) => (pid === null ? (prepared.get(xid) ?? []) : [])),
  ]
}

/** `12 s`, `3 min`, `5 h`: the age of something in words, from seconds. */
function formatAge(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3600)} h`
}

function describe({ pid, usename, application_name, state, seconds }: SessionRow): string {
  const facts = [
    `user ${usename ?? 'unknown'}`,
    ...(application_name ? [`application ${application_name}`] : []),
    ...(seconds === null ? [] : [`in a transaction for ${formatAge(seconds)}`]),
    ...(state?.startsWith('idle') ? ['idle'] : []),
  ]
  return `pid ${pid} (${facts.join(', ')})`
}
