import type pg from 'pg'

/** A table whose rows no key names. */
export interface KeylessTable {
  /** Quoted where needed, with its schema unless that is on the search path. */
  readonly name: string
  /** `it has no primary key`, or what else is the matter. */
  readonly reason: string
  /** As in pg_class.relreplident: f is FULL, with which updates and deletes work and write whole old rows. */
  readonly identity: string
  /** Its rows can have values that are stored apart, and go into the WAL with every update under FULL. */
  readonly large: boolean
  /** A key is there now, and the identity is still FULL. */
  readonly keyed: boolean
}

/** Whether all columns of an index are in the WAL that pgoutput reads. */
export const isSent = (index: string): string =>
  `(current_setting('server_version_num')::int >= 180000 or not exists (
     select from pg_attribute a
      where a.attrelid = ${index}.indrelid and a.attgenerated <> ''
        and a.attnum = any ((${index}.indkey::int2[])[0:${index}.indnkeyatts - 1])))`

/** Tables that Postgres takes to have no replica identity of their own, the largest first; before and after `init`. */
export async function keylessTables(client: pg.ClientBase): Promise<KeylessTable[]> {
  const { rows } = await client.query<KeylessTable>(
    `select t.oid::regclass::text as name, t.relreplident as identity, t.reltoastrelid <> 0 as large, t.keyed,
            case when t.relreplident = 'n' then 'its replica identity is NOTHING'
                 when t.relreplident = 'i' then 'the index of its replica identity is gone'
                 when t.deferrable then 'its primary key can be deferred'
                 when t.unsent then 'a generated column is in its key, which Postgres sends from version 18 on'
                 else 'it has no primary key' end as reason
       from (select c.oid, c.relreplident, c.reltoastrelid,
                    exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and not i.indimmediate)
                      as deferrable,
                    exists (select from pg_index i
                             where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate
                               and i.indpred is null and ${isSent('i')}
                               and case c.relreplident when 'i' then i.indisreplident else i.indisprimary end) as keyed,
                    exists (select from pg_index i
                             where i.indrelid = c.oid and (i.indisprimary or i.indisreplident) and not ${isSent('i')})
                      as unsent
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relkind = 'r' and c.relpersistence = 'p' and c.oid >= 16384
                and n.nspname not in ('pgstream', 'information_schema') and n.nspname !~ '^pg_') t
      where t.relreplident in ('f', 'n') or not t.keyed
      order by pg_table_size(t.oid) desc, t.oid`,
  )
  return rows
}
