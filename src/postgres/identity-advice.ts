import type pg from 'pg'
import { isSent } from './keyless-tables.ts'
import type { ReportStep } from './step.ts'
import { listInWords } from './waiting.ts'

interface Costly {
  readonly name: string
  /** A unique index that could name its rows. */
  readonly index: string | null
  /** Has a primary key, of which Postgres does not send a column. */
  readonly keyed: boolean
}

/**
 * Names the tables whose updates and deletes now write their large values into the WAL because they have no key, and what
 * would help each.
 */
export async function adviseOnIdentities(client: pg.ClientBase, report: ReportStep): Promise<void> {
  const { rows } = await client.query<Costly>(
    `select c.oid::regclass::text as name, (
              select quote_ident(x.relname)
                from pg_index i join pg_class x on x.oid = i.indexrelid
               where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate
                 and i.indpred is null and i.indexprs is null and ${isSent('i')}
                 and not exists (
                   select from pg_attribute a
                    where a.attrelid = c.oid and a.attnum = any (i.indkey) and not a.attnotnull)
               order by i.indisprimary desc, i.indnkeyatts, i.indexrelid limit 1
            ) as index,
            exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary) as keyed
       from pg_class c
      where c.oid in (select table_oid from pgstream.replica_identities)
        and c.relreplident = 'f' and c.reltoastrelid <> 0
      order by pg_table_size(c.oid) desc, c.oid`,
  )
  if (rows.length === 0) return
  const advice = rows.map(({ name, index, keyed }) =>
    index === null
      ? keyed
        ? `create unique index … on ${name} (… columns that are not null and not generated), and alter table ${name} replica identity using index …`
        : `alter table ${name} add primary key (…)`
      : `alter table ${name} replica identity using index ${index}`,
  )
  report({
    step: 'tables without a key',
    state: 'warning',
    detail: `updates and deletes of ${listInWords(rows.map(({ name }) => name))} write the whole old row, large values included, into the WAL; a key avoids that: ${listInWords(advice)}, then pgstream init again`,
  })
}
