import { PgstreamError } from '../../errors.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { readTablePattern } from '../../pipeline/table-choice.ts'
import type { TablePattern } from '../../wal/table-pattern.ts'
import { progressOf } from './backfill-progress.ts'
import type { BackfillProgress } from './backfill-progress.ts'
import { SteadySession } from '../steady-session.ts'
import { describeSlot } from './slot-of.ts'
import { backfillPrefix, lookAgain } from './watermark.ts'

export interface BackfillRequest {
  /** The database that `pgstream init` prepared. */
  readonly url: string
  /** Default: `pgstream_<database>_slot`. */
  readonly slotName?: string | undefined
  /** Patterns as in filters. Default: all tables. */
  readonly tables?: readonly string[] | undefined
}

interface TableRow {
  readonly oid: string
  readonly schema: string
  readonly table: string
  readonly parents: string[]
  readonly readable: boolean
  /** Why it has no rows to fill. */
  readonly lack: string | null
}

/**
 * Asks for tables to be put into the stream from their first row, by the `pgstream run` that reads the slot, or will. A
 * table that is under way goes on. A partitioned table stands for its partitions.
 *
 * @returns how the tables stand that are meant.
 * @throws {PgstreamError} PGSTREAM_BACKFILL_TABLE when a pattern matches no table, or one that the role may not read;
 * PGSTREAM_CONFIG_INVALID for one that cannot be read; PGSTREAM_SLOT_MISSING, PGSTREAM_NOT_INITIALIZED.
 */
export const startBackfill = (request: BackfillRequest): Promise<BackfillProgress[]> =>
  withConnection(request.url, async (connection) => {
    const { slot, tables } = await tablesOf(connection, request, { must: true })
    await connection.query(requestSql('again'), [slot, JSON.stringify(tables)])
    const meant = new Set(tables.map(({ oid }) => oid))
    return (await progressOf(connection, slot)).filter(({ oid }) => meant.has(oid))
  })

/** The same for tables that nobody asked for before, or that failed. Gives those that were cancelled. */
export const startFirstBackfill = (
  request: BackfillRequest,
  wants: (schema: string, table: string) => boolean,
): Promise<readonly string[]> =>
  withConnection(request.url, async (connection) => {
    const { slot, tables: all } = await tablesOf(connection, request, { must: false })
    const tables = all.filter(({ schema, table }) => wants(schema, table))
    await connection.query(requestSql('first'), [slot, JSON.stringify(tables)])
    const meant = new Set(tables.map(({ oid }) => oid))
    const cancelled = (await progressOf(connection, slot)).filter(({ state }) => state === 'cancelled')
    return cancelled.flatMap(({ oid, schema, table }) => (meant.has(oid) ? [`${schema}.${table}`] : []))
  })

/** How the tables stand that were asked for. @throws {PgstreamError} */
export const backfillStatus = (request: BackfillRequest): Promise<BackfillProgress[]> =>
  withConnection(request.url, async (connection) => {
    const patterns = readPatterns(request.tables)
    const { name } = await describeSlot(connection, request.slotName)
    return matching(await progressOf(connection, name), patterns)
  })

/**
 * Ends the backfill of tables that are waiting or under way; what was handed on stays at the destination. Asked for again,
 * it begins with the first row.
 * @returns how the tables stand that were cancelled.
 */
export const cancelBackfill = (request: BackfillRequest): Promise<BackfillProgress[]> =>
  withConnection(request.url, async (connection) => {
    const patterns = readPatterns(request.tables)
    const { name } = await describeSlot(connection, request.slotName)
    const all = matching(await progressOf(connection, name), patterns)
    const open = all.filter(({ state }) => state === 'waiting' || state === 'running')
    await connection.query(
      `with cancelled as (
         update pgstream.backfills b set state = 'cancelled', run = null, finished_at = now()
           from json_to_recordset($2) as t(oid oid)
          where b.slot = $1 and b.table_oid = t.oid and b.state in ('waiting', 'running')
         returning 1)
       select ${wakeSql} from (select count(*) from cancelled) as c`,
      [name, JSON.stringify(open)],
    )
    const meant = new Set(open.map(({ oid }) => oid))
    return (await progressOf(connection, name)).filter(({ oid }) => meant.has(oid))
  })

/** In the transaction itself: whoever sees it in the stream soon sees the rows, too. */
const wakeSql = `pg_logical_emit_message(true, '${backfillPrefix}', '${lookAgain}')`

/** `again`: whatever became of it before; `first`: unless it came to an end that somebody wanted. */
const requestSql = (when: 'again' | 'first'): string =>
  `with asked as (
     insert into pgstream.backfills as b (slot, table_oid, schema_name, table_name)
     select $1, t.oid, t.schema, t."table" from json_to_recordset($2) as t(oid oid, schema text, "table" text)
     on conflict (slot, table_oid) do
       update set schema_name = excluded.schema_name, table_name = excluded.table_name, state = 'waiting',
              run = null, run_started_at = null, run_started_rows = 0, ordered_by = null, last_key = null, again = '[]', rows = 0, bytes = 0, estimated_rows = null,
              error = null, requested_at = now(), started_at = null, updated_at = null, finished_at = null
        where b.state ${when === 'first' ? "= 'failed'" : "not in ('waiting', 'running')"}
     returning 1)
   select ${wakeSql} from (select count(*) from asked) as a`

async function withConnection<T>(url: string, work: (connection: SteadySession) => Promise<T>): Promise<T> {
  const connection = new SteadySession({ url, applicationName: 'pgstream backfill', logger: silentLogger })
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}

async function tablesOf(
  connection: SteadySession,
  { slotName, tables: wanted }: BackfillRequest,
  { must }: { must: boolean },
): Promise<{ slot: string; tables: readonly TableRow[] }> {
  const patterns = readPatterns(wanted)
  const { name } = await describeSlot(connection, slotName)
  const relations = await connection.query<TableRow>(
    `select c.oid::int8::text as oid, n.nspname as schema, c.relname as "table",
            array(select format('%s%s%s', pn.nspname, chr(1), p.relname)
                    from pg_partition_ancestors(c.oid) as a(relid)
                    join pg_class p on p.oid = a.relid join pg_namespace pn on pn.oid = p.relnamespace) as parents,
            has_table_privilege(c.oid, 'select') as readable,
            case when c.relkind = 'p' then 'has no partitions' when c.relkind = 'f' then 'is a foreign table'
                 when c.relkind <> 'r' then 'is a view'
                 when c.relpersistence <> 'p' then 'is not logged: none of its rows is in the WAL' end as lack
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relpersistence <> 't'
        and n.nspname not in ('pgstream', 'information_schema') and n.nspname !~ '^pg_'
      order by 2, 3`,
    [],
  )
  const rows = relations.filter(({ lack }) => lack === null)
  const names = ({ schema, table, parents }: TableRow): [string, string][] => [
    [schema, table],
    ...parents.map((parent) => parent.split('\u0001') as [string, string]),
  ]
  const matches = (pattern: TablePattern, row: TableRow): boolean =>
    names(row).some(([schema, table]) => pattern.matches(schema, table))
  const tables = rows.filter((row) => patterns.some((pattern) => matches(pattern, row)))
  if (!must) return { slot: name, tables }
  const vain = patterns.filter((pattern) => !rows.some((row) => matches(pattern, row)))
  if (vain.length > 0) {
    const others = relations.filter((row) => vain.some((pattern) => pattern.matches(row.schema, row.table)))
    const [other] = others
    const sentence = other
      ? `${other.schema}.${other.table} ${other.lack ?? ''}: there is nothing to backfill.`
      : `There is no table ${vain.map(({ text }) => text).join(' and no table ')}.`
    throw new PgstreamError('PGSTREAM_BACKFILL_TABLE', sentence, other ? { remedy: 'Leave it out.' } : {})
  }
  const closed = tables.filter(({ readable }) => !readable)
  if (closed.length > 0) {
    const list = closed.map(({ schema, table }) => `${schema}.${table}`).join(', ')
    throw new PgstreamError('PGSTREAM_NO_RIGHT', `The user may not read ${list}.`, {
      remedy: `Grant SELECT on it to this user, or leave it out.`,
    })
  }
  return { slot: name, tables }
}

const readPatterns = (texts: readonly string[] = ['*.*']): TablePattern[] => texts.map(readTablePattern)

const matching = (all: readonly BackfillProgress[], patterns: readonly TablePattern[]): BackfillProgress[] =>
  all.filter(({ schema, table }) => patterns.some((pattern) => pattern.matches(schema, table)))
