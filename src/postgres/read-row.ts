import pg from 'pg'
import { pauseUnlessAborted } from '../pipeline/pause-unless-aborted.ts'
import { BackOff } from '../pipeline/back-off.ts'
import { connect } from './connect.ts'
import { fromPostgres } from './postgres-error.ts'
import { sessionSettings } from './replication-connection.ts'

/** Columns are named by their numbers, which no rename changes. */
export interface WantedRow {
  readonly tableOid: number
  readonly key: readonly { readonly attnum: number; readonly value: string }[]
  readonly attnums: readonly number[]
}

/** As Postgres prints them; null where there is no such row, `gone` where there is no such table or column any more. */
export type ReadValues = readonly (string | null)[] | null | 'gone'

/** About a minute. */
const attempts = 12

/**
 * Reads values of one row as they are now, by a connection of its own.
 * @throws {PgstreamError} PGSTREAM_SOURCE_UNREACHABLE after a minute of attempts, PGSTREAM_NO_RIGHT, …
 */
export async function readRowValues(
  url: string,
  wanted: WantedRow,
  signal: AbortSignal,
): Promise<ReadValues> {
  const backOff = new BackOff({ firstMs: 100, mostMs: 10_000 })
  for (;;) {
    try {
      return await readOnce(url, wanted, signal)
    } catch (cause) {
      const error = fromPostgres(cause, 'reading a row')
      if (error.code !== 'PGSTREAM_SOURCE_UNREACHABLE' || backOff.attempts >= attempts) throw error
      await pauseUnlessAborted(backOff.next(), signal)
    }
  }
}

async function readOnce(url: string, wanted: WantedRow, signal: AbortSignal): Promise<ReadValues> {
  const client = await connect(url, { settings: sessionSettings, queryTimeoutMs: 30_000, signal })
  try {
    return await readValues(client, wanted)
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function readValues(client: pg.Client, { tableOid, key, attnums }: WantedRow): Promise<ReadValues> {
  const { rows } = await client.query<{ name: string; columns: Record<string, string> }>(
    `select format('%I.%I', n.nspname, c.relname) as name,
            jsonb_object_agg(a.attnum, format('%I', a.attname)) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
      where c.oid = $1::oid and a.attnum > 0 and not a.attisdropped group by 1`,
    [tableOid],
  )
  const [table] = rows
  const columnOf = (attnum: number): string | undefined => table?.columns[attnum]
  if (!table || [...attnums, ...key.map(({ attnum }) => attnum)].some((attnum) => !columnOf(attnum)))
    return 'gone'
  const selected = attnums.map((attnum, i) => `${columnOf(attnum)!}::text as v${i}`)
  const conditions = key.map(({ attnum, value }) => `${columnOf(attnum)!} = ${pg.escapeLiteral(value)}`)
  const found = await client.query<Record<string, string | null>>(
    `select ${selected.join(', ')} from only ${table.name} where ${conditions.join(' and ')} limit 1`,
  )
  const [row] = found.rows
  return row ? attnums.map((_, i) => row[`v${i}`] ?? null) : null
}
