import type pg from 'pg'
import { connect } from '../connect.ts'
import { sqlState } from '../postgres-error.ts'
import { readInFront } from '../read-in-front.ts'
import { sessionSettings } from '../replication-connection.ts'
import { DataRows } from './data-rows.ts'
import { backfillPrefix } from './watermark.ts'

/**
 * Values as the stream has them; all rows, or an error where a policy would hide some; nothing that makes a statement
 * wait for a standby or give up in the middle; the key's index, where the planner would rather sort the whole table
 * for every chunk; and one plan for each of the statements that go with a chunk, which took longer to plan than the rest.
 */
const settings: Readonly<Record<string, string>> = {
  ...sessionSettings,
  row_security: 'off',
  synchronous_commit: 'local',
  default_transaction_read_only: 'off',
  default_transaction_isolation: 'read committed',
  statement_timeout: '0',
  lock_timeout: '2s',
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_sort: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  plan_cache_mode: 'force_generic_plan',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
}

/** Outside of any transaction. */
const emitSql = `pg_logical_emit_message(false, '${backfillPrefix}', $1 || ' ' || (extract(epoch from clock_timestamp()) * 1000000)::int8)`

const queryCanceled = '57014'

/** The type of DataRow. */
const dataRow = 0x44

export interface ReadRows {
  readonly rows: DataRows
  /** There is more: it was ended because it had become too large. */
  readonly isCut: boolean
}

/** The two sessions that read chunks and write their watermarks: what the next one needs is asked for while one is read. */
export class ChunkReader {
  /** For all but the rows. */
  readonly client: pg.Client
  readonly #reading: pg.Client
  readonly #url: string
  #pid = 0
  /** Of the query that runs, when it reads rows of the table. */
  #onRow: ((bytes: Buffer, start: number, end: number) => void) | null = null

  private constructor(client: pg.Client, reading: pg.Client, url: string) {
    this.client = client
    this.#reading = reading
    this.#url = url
    readInFront(reading, (bytes, start, end) => {
      if (this.#onRow === null || bytes[start] !== dataRow) return false
      this.#onRow(bytes, start, end)
      return true
    })
  }

  /** @throws {PgstreamError} when the server cannot be reached or refuses. */
  static async open(url: string, signal: AbortSignal): Promise<ChunkReader> {
    const open = (): Promise<pg.Client> =>
      connect(url, { applicationName: 'pgstream backfill', settings, signal })
    const reading = await open()
    try {
      const { rows } = await reading.query<{ pid: number }>('select pg_backend_pid() as pid')
      const reader = new ChunkReader(inTurn(await open()), reading, url)
      reader.#pid = rows[0]!.pid
      return reader
    } catch (cause) {
      await reading.end().catch(() => undefined)
      throw cause
    }
  }

  /** Writes `low` into the WAL. It has a place there at once, and need not be on disk before `high` is. */
  async markLow(text: string): Promise<void> {
    await this.client.query({ name: 'low', text: `select ${emitSql}`, values: [text] })
  }

  /** Writes `high`. With a transaction id the commit flushes it: the stream gets nothing that is not flushed. */
  async markHigh(text: string): Promise<void> {
    const sql = `select ${emitSql}, pg_current_xact_id()`
    await this.client.query({ name: 'high', text: sql, values: [text] })
  }

  /** Runs a query, and ends it when it has sent more than `mostBytes`. The first row always counts. */
  async read(sql: string, mostBytes: number): Promise<ReadRows> {
    const rows = new DataRows()
    const cutting: Promise<void>[] = []
    this.#onRow = (bytes, start, end) => {
      if (cutting.length > 0) return
      rows.add(bytes, start, end)
      // where it cannot be cancelled, it is read to its end
      if (rows.bytes >= mostBytes) cutting.push(this.#cancel().catch(() => undefined))
    }
    try {
      await this.#reading.query(sql)
    } catch (error) {
      if (cutting.length === 0 || sqlState(error) !== queryCanceled) throw error
    } finally {
      this.#onRow = null
      await Promise.all(cutting)
    }
    return { rows, isCut: cutting.length > 0 }
  }

  /** What is on its way then still comes, and is not kept. */
  async #cancel(): Promise<void> {
    const other = await connect(this.#url, { applicationName: 'pgstream backfill' })
    try {
      await other.query('select pg_cancel_backend($1)', [this.#pid])
    } finally {
      await other.end()
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.client, this.#reading].map((each) => each.end().catch(() => undefined)))
  }
}

/** Queries one after the other, whoever asks for them: `pg` queues them, and says that it will not do so for ever. */
function inTurn(client: pg.Client): pg.Client {
  const query = client.query.bind(client) as (...given: unknown[]) => Promise<unknown>
  let before: Promise<unknown> = Promise.resolve()
  const queued = (...given: unknown[]): Promise<unknown> => {
    const answer = before.then(() => query(...given))
    before = answer.catch(() => undefined)
    return answer
  }
  client.query = queued as typeof client.query
  return client
}
