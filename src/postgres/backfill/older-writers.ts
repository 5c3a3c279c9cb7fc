import type pg from 'pg'
import { describePrepared, describeSessions } from '../sessions.ts'
import { listInWords } from '../waiting.ts'

/** Whoever holds one of these locks on a table may have changed a row of it. */
const writing = `('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`

const holdersSql = `select distinct l.virtualtransaction as id
   from pg_locks l
  where l.locktype = 'relation' and l.granted and l.relation = $1::oid and l.mode in ${writing}
    and l.database = (select oid from pg_database where datname = current_database())
    and l.pid is distinct from pg_backend_pid()
    and not exists (select from pg_stat_activity a where a.pid = l.pid and a.backend_type = 'autovacuum worker')`

interface Holder {
  /** As pg_locks has it: a session that prepares its transaction leaves it to that. */
  readonly id: string
}

/**
 * The transactions that were writing to a table at one moment, and may not have ended yet. As long as one of them is
 * there, a commit that is in the WAL may not be visible yet, and a change that is in the WAL may be committed later.
 */
export class OlderWriters {
  readonly #client: pg.ClientBase
  readonly #table: number
  #left: Holder[] = []

  private constructor(client: pg.ClientBase, table: number) {
    this.#client = client
    this.#table = table
  }

  static async of(client: pg.ClientBase, table: number): Promise<OlderWriters> {
    const writers = new OlderWriters(client, table)
    writers.#left = await writers.#holders()
    return writers
  }

  get areNone(): boolean {
    return this.#left.length === 0
  }

  /** Looks again; true when none is left. */
  async haveEnded(): Promise<boolean> {
    if (this.#left.length === 0) return true
    const { rows } = await this.#client.query<Holder>({
      name: 'open',
      text: 'select distinct virtualtransaction as id from pg_locks where virtualtransaction = any ($1::text[])',
      values: [this.#left.map(({ id }) => id)],
    })
    const open = new Set(rows.map(({ id }) => id))
    this.#left = this.#left.filter(({ id }) => open.has(id))
    return this.#left.length === 0
  }

  async #holders(): Promise<Holder[]> {
    const { rows } = await this.#client.query<Holder>({
      name: 'writers',
      text: holdersSql,
      values: [this.#table],
    })
    return rows
  }

  /** `pid 812 (user ann, …)` for each that is left. */
  async describe(): Promise<string> {
    const { rows } = await this.#client.query<{ pid: number | null; xid: string | null }>(
      `select distinct pid, (select x.transactionid::text from pg_locks x
                              where x.virtualtransaction = l.virtualtransaction and x.locktype = 'transactionid' limit 1) as xid
         from pg_locks l where virtualtransaction = any ($1::text[])`,
      [this.#left.map(({ id }) => id)],
    )
    const pids = rows.flatMap(({ pid }) => pid ?? [])
    const sessions = await describeSessions(this.#client, pids)
    const isPrepared = rows.some(({ pid }) => pid === null)
    const prepared = isPrepared ? await describePrepared(this.#client) : new Map<string, string>()
    const named = rows.flatMap(({ pid, xid }) =>
      pid === null ? (prepared.get(xid ?? '') ?? []) : (sessions.get(pid) ?? []),
    )
    return listInWords(named)
  }
}
