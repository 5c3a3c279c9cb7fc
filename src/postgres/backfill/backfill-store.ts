import type { SteadySession } from '../steady-session.ts'
import type { Progress, StoredFill } from './table-fill.ts'

interface StoredRow {
  readonly oid: string
  readonly requestedAt: string
  readonly schema: string
  readonly table: string
  readonly orderedBy: string | null
  readonly lastKey: string[] | null
  readonly again: string[][]
  readonly rows: string
  readonly bytes: string
}

/** As it was asked for. */
type Request = Pick<StoredFill, 'oid' | 'requestedAt'>

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

  /** Everything that is open is ours from now on: the slot is. */
  async takeOver(): Promise<StoredFill[]> {
    if ((await this.open()).length === 0) return []
    await this.#connection.query(
      `update pgstream.backfills set run = $2 where slot = $1 and state in ('waiting', 'running')`,
      [this.#slot, this.#run],
    )
    return this.open()
  }

  /** Tables that wait, or are not at their end, in the order in which they were asked for. */
  async open(): Promise<StoredFill[]> {
    const rows = await this.#connection.query<StoredRow>(
      `select table_oid::int8::text as oid, requested_at::text as "requestedAt", schema_name as schema, table_name as "table", ordered_by as "orderedBy",
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

  /** It is begun; false when it was cancelled, or is somebody else's. */
  async claim(
    request: Request,
    facts: { schema: string; table: string; estimate: number | null },
  ): Promise<boolean> {
    return this.#update(
      request,
      `state = 'running', run_started_at = now(), run_started_rows = rows, schema_name = $4, table_name = $5, estimated_rows = $6,
       started_at = coalesce(started_at, now())`,
      [facts.schema, facts.table, facts.estimate === null ? null : Math.round(facts.estimate)],
    )
  }

  /** Tries until it works or `signal` is aborted. False when it was cancelled, or is somebody else's. */
  async write(request: Request, progress: Progress, signal: AbortSignal): Promise<boolean> {
    const { orderedBy, lastKey, holes, rows, bytes, isDone } = progress
    const again = JSON.stringify(holes.map(({ key }) => key))
    return this.#update(
      request,
      `ordered_by = $4, last_key = $5, again = $6, rows = $7, bytes = $8,
       state = case when $9 then 'done' else state end, finished_at = case when $9 then now() end`,
      [orderedBy, lastKey, again, rows, bytes, isDone],
      signal,
    )
  }

  async fail(request: Request, reason: string): Promise<boolean> {
    return this.#update(request, `state = 'failed', error = $4, finished_at = now()`, [reason])
  }

  /** What became of one that is not ours any more, in words. */
  async fateOf({ oid }: Request): Promise<string> {
    const [row] = await this.#connection.query<{ state: string }>(
      'select state from pgstream.backfills where slot = $1 and table_oid = $2',
      [this.#slot, oid],
    )
    if (row?.state === 'cancelled') return 'the backfill of a table was cancelled'
    if (row?.state === 'done') return 'the backfill of a table was done by another process'
    return 'the backfill of a table was asked for anew, or is that of another process'
  }

  /** Of this very request, which may have been cancelled and made again, and as long as nobody took it over. */
  async #update(
    { oid, requestedAt }: Request,
    set: string,
    values: unknown[],
    signal?: AbortSignal,
  ): Promise<boolean> {
    const all = [this.#slot, oid, this.#run, ...values, requestedAt]
    const sql = `update pgstream.backfills set updated_at = now(), run = $3, ${set}
                  where slot = $1 and table_oid = $2 and state in ('waiting', 'running')
                    and coalesce(run, $3) = $3 and requested_at::text = $${all.length} returning 1`
    const rows = signal
      ? await this.#connection.patientQuery(sql, all, signal)
      : await this.#connection.query(sql, all)
    return rows.length === 1
  }
}
