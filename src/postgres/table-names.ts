import { connect, queryTimeoutMs } from './connect.ts'
import { fromPostgres } from './postgres-error.ts'

export interface TableName {
  readonly schema: string
  readonly table: string
  /** Its rows are those of its partitions. */
  readonly isPartitioned: boolean
}

/**
 * The tables whose changes the database streams, by a connection of its own; `signal` cuts it.
 * @throws {PgstreamError} as `connect`.
 */
export async function listTableNames(url: string, signal?: AbortSignal): Promise<TableName[]> {
  const client = await connect(url, { queryTimeoutMs, signal })
  try {
    const { rows } = await client.query<TableName>(
      `select n.nspname as schema, c.relname as table, c.relkind = 'p' as "isPartitioned"
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and c.relpersistence = 'p'
          and n.nspname not in ('pgstream', 'information_schema') and n.nspname !~ '^pg_'
        order by 1, 2`,
    )
    return rows
  } catch (cause) {
    throw fromPostgres(cause, 'asking for the names of tables')
  } finally {
    await client.end()
  }
}
