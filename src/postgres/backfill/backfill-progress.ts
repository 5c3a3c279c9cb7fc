import type { BackfilledTable } from '../../telemetry/backfill-status.ts'
import type { SteadySession } from '../steady-session.ts'

/** How far the backfill of one table is. */
export interface BackfillProgress extends BackfilledTable {
  readonly oid: string
  readonly bytes: number
  readonly requestedAt: string
  readonly startedAt: string | null
  readonly finishedAt: string | null
}

type StoredProgress = Omit<BackfillProgress, 'rows' | 'bytes' | 'rowsPerSecond' | 'secondsLeft'> & {
  readonly rows: string
  readonly bytes: string
  /** Of the process that is or was at it last, and its rows. */
  readonly seconds: number | null
  readonly rowsSince: string
}

/** All tables of a slot that were ever asked for. */
export async function progressOf(
  connection: Pick<SteadySession, 'query'>,
  slot: string,
): Promise<BackfillProgress[]> {
  const rows = await connection.query<StoredProgress>(
    `select table_oid::int8::text as oid, coalesce(n.nspname, schema_name) as schema,
            coalesce(c.relname, table_name) as "table", state, rows::text, bytes::text,
            estimated_rows::float8 as "estimatedRows", error,
            extract(epoch from coalesce(finished_at, updated_at, now()) - run_started_at)::float8 as seconds,
            (rows - run_started_rows)::text as "rowsSince",
            ${['requested_at', 'started_at', 'finished_at'].map(timeSql).join(', ')}
       from pgstream.backfills left join pg_class c on c.oid = table_oid
            left join pg_namespace n on n.oid = c.relnamespace where slot = $1 order by 2, 3`,
    [slot],
  )
  return rows.map(({ seconds, rowsSince, ...row }) => {
    const done = Number(row.rows)
    const rowsPerSecond = seconds !== null && seconds > 0 ? Math.round(Number(rowsSince) / seconds) : null
    const left = row.estimatedRows === null ? 0 : row.estimatedRows - done
    const isUnderWay = row.state === 'running' && rowsPerSecond !== null && rowsPerSecond > 0
    return {
      ...row,
      rows: done,
      bytes: Number(row.bytes),
      rowsPerSecond,
      secondsLeft: isUnderWay ? Math.max(0, Math.round(left / rowsPerSecond)) : null,
    }
  })
}

const timeSql = (column: string): string => {
  const name = column.replace(/_(.)/, (_, letter: string) => letter.toUpperCase())
  return `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "${name}"`
}
