import type { EventEmitter } from 'node:events'
import type pg from 'pg'
import { takeShortLived } from '../../wal/allocate.ts'
import { connect } from '../connect.ts'
import { sqlState } from '../postgres-error.ts'
import { sessionSettings } from '../replication-connection.ts'
import { CopyLines } from './copy-lines.ts'
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

export interface CopiedRows {
  readonly lines: CopyLines
  /** There is more: it was ended because it had become too large. */
  readonly isCut: boolean
}

/** The session that reads chunks and writes their watermarks. */
export class ChunkReader {
  readonly client: pg.Client
  readonly #url: string
  #pid = 0

  private constructor(client: pg.Client, url: string) {
    this.client = client
    this.#url = url
  }

  /** @throws {PgstreamError} when the server cannot be reached or refuses. */
  static async open(url: string, signal: AbortSignal): Promise<ChunkReader> {
    const client = await connect(url, { applicationName: 'pgstream backfill', settings, signal })
    const reader = new ChunkReader(client, url)
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    reader.#pid = rows[0]!.pid
    return reader
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

  /** Runs a COPY … TO STDOUT, and ends it when it has sent more than `mostBytes`. The first row always counts. */
  async copy(sql: string, mostBytes: number): Promise<CopiedRows> {
    const lines = new CopyLines()
    const cutting: Promise<void>[] = []
    const wire = (this.client as unknown as { connection: EventEmitter }).connection
    const take = ({ chunk }: { chunk: Buffer }): void => {
      if (cutting.length > 0) return
      lines.add(chunk)
      takeShortLived(chunk.length)
      if (lines.bytes >= mostBytes) cutting.push(this.#cancel())
    }
    wire.on('copyData', take)
    try {
      await this.client.query(sql)
    } catch (error) {
      if (cutting.length === 0 || sqlState(error) !== queryCanceled) throw error
    } finally {
      wire.off('copyData', take)
      await Promise.all(cutting)
    }
    return { lines, isCut: cutting.length > 0 }
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
    await this.client.end().catch(() => undefined)
  }
}
