import pg from 'pg'
import { pauseUnlessAborted } from '../pipeline/pause-unless-aborted.ts'
import { BackOff } from '../pipeline/back-off.ts'
import { connect, queryTimeoutMs } from './connect.ts'
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

/** Nobody says when the last row was read. */
const idleMs = 500
/** About a minute. */
const attempts = 12

/**
 * Reads values of rows as they are now, one row after the other, by a connection that is kept for a moment.
 * @throws {PgstreamError} PGSTREAM_SOURCE_UNREACHABLE after a minute of attempts, PGSTREAM_NO_RIGHT, …
 */
export function rowReader(url: string): (wanted: WantedRow, signal: AbortSignal) => Promise<ReadValues> {
  let client: pg.Client | null = null
  let closing: NodeJS.Timeout | undefined
  const close = async (): Promise<void> => {
    const old = client
    client = null
    await old?.end().catch(() => undefined)
  }
  return async (wanted, signal) => {
    clearTimeout(closing)
    const backOff = new BackOff({ firstMs: 100, mostMs: 10_000 })
    for (;;) {
      try {
        client ??= await connect(url, { settings: sessionSettings, queryTimeoutMs, signal })
        const values = await readValues(client, wanted)
        closing = setTimeout(() => void close(), idleMs)
        return values
      } catch (cause) {
        await close()
        const error = fromPostgres(cause, 'reading a row')
        if (error.code !== 'PGSTREAM_SOURCE_UNREACHABLE' || backOff.attempts >= attempts) throw error
        await pauseUnlessAborted(backOff.next(), signal)
      }
    }
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
