import type { Lsn } from '../wal/lsn.ts'
import { formatLsn, noLsn, parseLsn } from '../wal/lsn.ts'
import type { SchemaLogEntry } from '../wal/schema-log.ts'
import { schemaLogEntry } from './schema-log-entry.ts'
import { beginningsOfIds } from './table-origin.ts'
import type { TableOrigin } from './table-origin.ts'

/** A connection that answers in rows of named columns. */
export interface Queryable {
  query(sql: string): Promise<{ rows: unknown[] }>
}

/** Which part of the log counts at a place of the stream. */
export interface LogView {
  readonly origin: TableOrigin
  readonly place: Lsn
  /** Where the log begins to be whole: what was marked before is not all there. */
  readonly wholeFrom: Lsn
}

export interface MissingEntries {
  /** Some of them were written by transactions that committed, and are not visible to others yet. */
  readonly toCome: number
  /** Somebody removed the others. */
  readonly removed: number
  /** The last of those was marked here; 0/0 if there are none. */
  readonly wholeFrom: Lsn
}

/**
 * The columns of an entry. Its place is its mark; of one without, how far the WAL was when it was written: whoever had its
 * tables before had committed by then, whoever has them later commits later.
 */
export const entryColumns: string = `l.id, l.version::text, l.schema_name, l.created_at::text, l.schema::text, l.acked::text`

const markOf = `left join pgstream.schema_marks m on m.entry_id = l.id`
const placeOf = `coalesce(m.commit_end, (l.schema ->> 'lsn')::pg_lsn)`

/** The log of this database, with its marks. What a dump brought from another one stands before it, and is of no use. */
export function ownLog({ origin, wholeFrom }: Omit<LogView, 'place'>): string {
  const [one, other] = beginningsOfIds(origin)
  const someTable = `coalesce(a.schema #>> '{tables,0,pgstream_id}', a.schema #>> '{dropped_tables,0,pgstream_id}')`
  return `pgstream.schema_log l ${markOf} and m.system_identifier = '${origin.systemId}'
    where l.version >= (
      select case when max(last_foreign) is null then 0
                  else coalesce(min(version) filter (where is_own and version > last_foreign), max(version) + 1) end
        from (
          select b.version, b.is_own, max(b.version) filter (where not b.is_own) over () as last_foreign
            from (
              select a.version, left(${someTable}, 13) in ('${one}', '${other}') as is_own from pgstream.schema_log a
            ) as b
        ) as c)
      and ${placeOf} > '${formatLsn(wholeFrom)}'`
}

/** In the order of the stream. */
export const inOrder: string = `order by ${placeOf}, l.version`

/** What marks before this place say that is not in the log. */
export async function findMissing(
  connection: Queryable,
  { origin, place }: Omit<LogView, 'wholeFrom'>,
): Promise<MissingEntries> {
  const { rows } = await connection.query(
    `select count(*) filter (where not m.over)::text as "toCome", count(*) filter (where m.over)::text as removed,
            max(m.commit_end) filter (where m.over)::text as "wholeFrom"
       from (
         select k.commit_end, pg_visible_in_snapshot(k.xid, pg_current_snapshot()) as over
           from pgstream.schema_marks k
          where k.system_identifier = '${origin.systemId}' and k.commit_end <= '${formatLsn(place)}'
            and not exists (select from pgstream.schema_log l where l.id = k.entry_id)
       ) as m`,
  )
  const [{ toCome, removed, wholeFrom }] = rows as [
    { toCome: string; removed: string; wholeFrom: string | null },
  ]
  return {
    toCome: Number(toCome),
    removed: Number(removed),
    wholeFrom: wholeFrom === null ? noLsn : parseLsn(wholeFrom),
  }
}

const entriesAtOnce = 200

/**
 * The entries before a place, in the order of the stream. An entry without a mark may be of a transaction that was open
 * at that place and is still to come: until then it counts as known, which only that transaction's own rows could tell
 * from the truth, because it had its tables locked. Must be called within a transaction.
 */
export async function* readEntriesBefore(
  connection: Queryable,
  view: LogView,
): AsyncGenerator<{ entry: SchemaLogEntry; isMarked: boolean }> {
  const place = formatLsn(view.place)
  await connection.query(
    `declare entries no scroll cursor for
       select ${entryColumns}, (m.commit_end is not null)::text as "isMarked"
         from ${ownLog(view)}
          and coalesce(m.commit_end <= '${place}', (l.schema ->> 'lsn')::pg_lsn < '${place}')
        ${inOrder}`,
  )
  for (;;) {
    const { rows } = await connection.query(`fetch ${entriesAtOnce} from entries`)
    if (rows.length === 0) break
    for (const row of rows as Record<string, unknown>[]) {
      yield { entry: schemaLogEntry((name) => row[name]), isMarked: row['isMarked'] === 'true' }
    }
  }
  await connection.query('close entries')
}
