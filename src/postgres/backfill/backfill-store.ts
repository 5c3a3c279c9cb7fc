import type { SteadySession } from '../steady-session.ts'
import type { Progress, StoredFill } from './table-fill.ts'

interface StoredRow {
  readonly oid: string
  readonly schema: string
  readonly table: string
  readonly orderedBy: string | null
  readonly lastKey: string[] | null
  readonly again: string[][]
  readonly rows: string
  readonly bytes: string
}

/** What the tables of one slot have come to, in `pgstream.backfills`. `run` names the process that is at it. */
export class BackfillStore {
  readonly #connection: SteadySession
  readonly #slot: string
  readonly #run: string

  constructor(connection: SteadySession, slot: string, run: string) {
    this.#connection = connection
    this.#slot = slot
    this.#run = run
  }

  /** Tables that wait, or are not at their end, in the order in which they were asked for. */
  async open(): Promise<StoredFill[]> {
    const rows = await this.#connection.query<StoredRow>(
      `select table_oid::int8::text as oid, schema_name as schema, table_name as "table", ordered_by as "orderedBy",
              last_key as "lastKey", again, rows::text, bytes::text
         from pgstream.backfills where slot = $1 and state in ('waiting', 'running')
        order by requested_at, schema_name, table_name`,
      [this.#slot],
    )
    return rows.map((row) => ({
      ...row,
      oid: Number(row.oid),
      rows: Number(row.rows),
      bytes: Number(row.bytes),
    }))
  }

  /** From now on it is ours; false when it was cancelled. */
  async claim(
    oid: number,
    facts: { schema: string; table: string; estimate: number | null },
  ): Promise<boolean> {
    return this.#update(
      oid,
      `state = 'running', run = $3, run_started_at = now(), run_started_rows = rows, schema_name = $4, table_name = $5, estimated_rows = $6,
       started_at = coalesce(started_at, now())`,
      [this.#run, facts.schema, facts.table, facts.estimate === null ? null : Math.round(facts.estimate)],
      `state in ('waiting', 'running')`,
    )
  }

  /** Tries until it works or `signal` is aborted. False when it was cancelled, or is somebody else's. */
  async write(oid: number, progress: Progress, signal: AbortSignal): Promise<boolean> {
    const { orderedBy, lastKey, holes, rows, bytes, isDone } = progress
    const again = JSON.stringify(holes.map(({ key }) => key))
    return this.#update(
      oid,
      `ordered_by = $4, last_key = $5, again = $6, rows = $7, bytes = $8,
       state = case when $9 then 'done' else state end, finished_at = case when $9 then now() end`,
      [this.#run, orderedBy, lastKey, again, rows, bytes, isDone],
      `state = 'running' and run = $3`,
      signal,
    )
  }

  async fail(oid: number, reason: string): Promise<boolean> {
    return this.#update(
      oid,
      `state = 'failed', error = $4, finished_at = now()`,
      [this.#run, reason],
      `state in ('waiting', 'running') and coalesce(run, $3) = $3`,
    )
  }

  async #update(
    oid: number,
    set: string,
    values: unknown[],
    condition: string,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const sql = `update pgstream.backfills set updated_at = now(), ${set}
                  where slot = $1 and table_oid = $2 and ${condition} returning 1`
    const all = [this.#slot, oid, ...values]
    const rows = signal
      ? await this.#connection.patientQuery(sql, all, signal)
      : await this.#connection.query(sql, all)
    return rows.length === 1
  }
}
