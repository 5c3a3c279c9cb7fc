create table pgstream.replica_identities (
  id bigint generated always as identity primary key,
  -- tells a table from the one that has its oid where this database was restored from a dump
  table_id pgstream.xid not null,
  table_oid oid not null,
  schema_name text not null,
  table_name text not null,
  previous "char" not null,
  -- where that was one: it is there still, but before Postgres 18 a generated column of it is not sent
  previous_index oid,
  given "char" not null,
  changed_at timestamptz not null default now()
);

create index replica_identities_by_table on pgstream.replica_identities (table_oid, id);

comment on table pgstream.replica_identities is
  'Which replica identities pgstream changed, each change a row, so that tear-down can restore them.';
comment on column pgstream.replica_identities.previous is 'As in pg_class.relreplident.';

-- Postgres' own rule is in RelationGetIndexList and CheckCmdReplicaIdentity of its sources.
create function pgstream.identity_problems(table_oids oid[])
returns table (table_oid oid, schema_name text, table_name text, reason text, toast boolean)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select c.oid,
         n.nspname::text,
         c.relname::text,
         case
           when c.relreplident = 'f' then 'a virtual generated column cannot be part of the replica identity FULL'
           when c.relreplident = 'n' then 'its replica identity is NOTHING'
           when exists (select from pg_index as k where k.indrelid = c.oid
                           and (c.relreplident = 'i' and k.indisreplident or c.relreplident = 'd' and k.indisprimary and k.indimmediate)
                        offset 0)
             then 'a generated column is in its key, which Postgres sends from version 18 on'
           when c.relreplident = 'i' then 'the index of its replica identity is gone'
           when exists (select from pg_index as k where k.indrelid = c.oid and k.indisprimary offset 0)
             then 'its primary key can be deferred'
           else 'it has no primary key'
         end,
         c.reltoastrelid <> 0
    from pg_class as c
   -- offset 0, here and below: never a whole catalog first, whatever the statistics say
   cross join lateral (select s.nspname from pg_namespace as s where s.oid = c.relnamespace offset 0) as n
   where c.oid = any (table_oids)
     and c.relkind = 'r'
     and c.relpersistence = 'p'
     and c.oid >= 16384
     and n.nspname <> 'pgstream'
     -- an old view has what others changed, and this transaction after them, twice
     and (c.xmax = '0' or not exists (select from pg_class as newer where newer.oid = c.oid and newer.xmax = '0' offset 0))
     and case c.relreplident
           when 'f' then exists (
             select from pg_attribute as a where a.attrelid = c.oid and a.attgenerated = 'v' and not a.attisdropped
             offset 0)
           else not exists (
             select from pg_index as i
              where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indislive and i.indimmediate
                and i.indpred is null
                and (c.relreplident = 'd' and i.indisprimary or c.relreplident = 'i' and i.indisreplident)
                and (current_setting('server_version_num')::int >= 180000 or not exists (
                       select from pg_attribute as a
                        where a.attrelid = i.indrelid and a.attgenerated <> ''
                          and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1])
                       offset 0))
             offset 0)
         end;
end
$$;

comment on function pgstream.identity_problems(oid[]) is
  'Those of the tables whose updates and deletes Postgres refuses as long as a publication has them, or sends without their key.';

create function pgstream.tables_without_identity()
returns table (table_oid oid, schema_name text, table_name text, reason text, toast boolean)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select * from pgstream.identity_problems(array(select c.oid from pg_class as c where c.relkind = 'r'))
$$;

comment on function pgstream.tables_without_identity() is 'The same, of all tables of the database.';

revoke execute on all functions in schema pgstream from public;
