-- not in SQL: each query that calls such a function plans it anew
create function pgstream.is_logged_schema(name text) returns boolean
language plpgsql immutable strict
set search_path = pg_catalog, pg_temp
as $$
begin
  return name not in ('pgstream', 'information_schema') and not starts_with(name, 'pg_');
end
$$;

create function pgstream.below_domain(
  domain oid, out type_oid oid, out modifier integer, out not_null boolean
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  level record;
begin
  type_oid := domain;
  not_null := false;
  loop
    select t.typtype, t.typbasetype, t.typtypmod, t.typnotnull into level from pg_type as t where t.oid = type_oid;
    exit when level.typtype is distinct from 'd';
    type_oid := level.typbasetype;
    modifier := level.typtypmod;
    not_null := not_null or level.typnotnull;
  end loop;
end
$$;

comment on function pgstream.below_domain(oid) is
  'The type that a domain, or a domain over domains, stands for; whether one of them forbids nulls.';

-- The settings keep what is printed the same for every session, and the plan the same whatever the statistics say.
create function pgstream.describe_tables(table_oids oid[])
returns table (table_oid oid, schema_name text, description jsonb)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set timezone = 'UTC'
set bytea_output = 'hex'
set extra_float_digits = 1
set plan_cache_mode = force_generic_plan
set join_collapse_limit = 1
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_material = off
set jit = off
as $$
declare
  busy oid[] := '{}';
begin
  perform from pg_attribute as a where a.attrelid = any (table_oids) and a.attnum > 0 and a.attgenerated <> '';
  if found then
    -- nobody waits for those that other sessions are altering: their own entry is still to come
    busy := array(
      select l.relation
        from pg_locks as l
       where l.locktype = 'relation' and l.relation = any (table_oids) and l.mode = 'AccessExclusiveLock'
         and l.database = (select d.oid from pg_database as d where d.datname = current_database())
         and l.pid is distinct from pg_backend_pid());
  end if;

  return query
  select c.oid,
         n.nspname::text,
         jsonb_build_object(
           'oid', c.oid::text,
           'pgstream_id', named.id,
           'name', c.relname,
           'columns', coalesce(col.columns, '[]'),
           'primary_key_columns', coalesce(keys.primary_key, '[]'),
           'primary_key_deferrable', coalesce(keys.deferrable, false),
           'replica_identity',
             case c.relreplident when 'd' then 'default' when 'i' then 'index' when 'f' then 'full' else 'nothing' end,
           'identity_columns', coalesce(case c.relreplident when 'f' then col.names else keys.identity end, '[]'),
           'unique_indexes', coalesce(keys.unique_indexes, '[]'))
         || case c.relkind when 'p' then '{"partitioned": true}'::jsonb else '{}' end
    -- offset 0, here and below: in this order whatever the statistics say, and worked out once
    from (
      select c.*
        from pg_class as c
       where c.oid = any (table_oids)
         and c.relkind in ('r', 'p')
         and c.relpersistence = 'p'
         -- the view of a repeatable read transaction has tables that are gone
         and pg_table_is_visible(c.oid) is not null
         -- and those that others changed, and this transaction after them, twice
         and (c.xmax = '0' or not exists (select from pg_class as newer where newer.oid = c.oid and newer.xmax = '0' offset 0))
      offset 0
    ) as c
   cross join lateral (
     select o.nspname from pg_namespace as o where o.oid = c.relnamespace and pgstream.is_logged_schema(o.nspname)
     offset 0
   ) as n
   cross join lateral (select pgstream.table_id(c.oid)::text as id offset 0) as named
   cross join lateral (
     select jsonb_agg(i.columns) filter (where i.indisprimary) -> 0 as primary_key,
            bool_or(not i.indimmediate) filter (where i.indisprimary) as deferrable,
            jsonb_agg(i.columns) filter (
              where i.usable
                and (c.relreplident = 'd' and i.indisprimary or c.relreplident = 'i' and i.indisreplident)
            ) -> 0 as identity,
            -- not which indexes: REINDEX CONCURRENTLY replaces them, and before Postgres 17 no trigger hears of it
            jsonb_agg(distinct jsonb_build_object('columns', i.columns)) filter (
              where i.usable and i.indexprs is null
            ) as unique_indexes,
            array_agg(i.indkey[0]) filter (where i.usable and i.indexprs is null and i.indnkeyatts = 1) as alone
       from (
         select x.*,
                x.indisvalid and x.indislive and x.indimmediate and x.indpred is null as usable,
                (select jsonb_agg(a.attname order by key.place)
                   from unnest((x.indkey::smallint[])[0 : x.indnkeyatts - 1]) with ordinality as key (attnum, place)
                   join pg_attribute as a on a.attrelid = x.indrelid and a.attnum = key.attnum) as columns
           from pg_index as x
          where x.indrelid = c.oid and x.indisunique
         offset 0
       ) as i
   ) as keys
   cross join lateral (
     select coalesce(array_agg(k.conkey[1]), '{}') as columns
       from pg_constraint as k
      where k.conrelid = c.oid and k.contype = 'n' and not k.convalidated
   ) as unproven
   cross join lateral (
     select jsonb_agg(a.attname order by a.attnum) as names,
            jsonb_agg(
              jsonb_build_object(
                'pgstream_id', named.id || '-' || a.attnum,
                'name', a.attname,
                'type', format_type(a.atttypid, a.atttypmod),
                'base_type',
                  case t.typtype when 'd' then format_type(base.type_oid, base.modifier)
                                 else format_type(a.atttypid, a.atttypmod) end,
                'kind',
                  case when b.typsubscript = 'array_subscript_handler'::regproc then 'array'
                       else case b.typtype when 'e' then 'enum' when 'r' then 'range' when 'm' then 'multirange'
                                           when 'c' then 'composite' when 'p' then 'pseudo' else 'base' end end,
                -- only generated columns use others: to show those, Postgres locks the table, and is slow on wide ones;
                -- cut, because a part of an entry must stay small enough for any sink
                'default',
                  left(
                    case when a.attgenerated = '' then pg_get_expr(d.adbin, 0)
                         when c.oid <> all (busy) then pg_get_expr(d.adbin, d.adrelid) end,
                    4000),
                'nullable', not (a.attnotnull and a.attnum <> all (unproven.columns) or coalesce(base.not_null, false)),
                'generated', case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' else '' end,
                'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' else '' end,
                'unique', coalesce(a.attnum = any (keys.alone), false),
                'metadata', left(m.description, 4000)
              ) order by a.attnum
            ) as columns
       from pg_attribute as a
       join pg_type as t on t.oid = a.atttypid
       left join lateral (select * from pgstream.below_domain(t.oid) where t.typtype = 'd' offset 0) as base on true
       join pg_type as b on b.oid = coalesce(base.type_oid, t.oid)
       left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
       left join pg_description as m
         on m.objoid = a.attrelid and m.classoid = 'pg_class'::regclass and m.objsubid = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
   ) as col;
end
$$;

comment on function pgstream.describe_tables(oid[]) is
  'The logged ones of these tables as entries of the schema log describe them. Called in a stable function, it describes them as they were before the command.';

revoke execute on all functions in schema pgstream from public;
