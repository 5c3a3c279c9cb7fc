create function pgstream.log_existing_tables(only_schema text default null) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  batch record;
  described jsonb;
  seen pg_snapshot;
  written bigint := 0;
begin
  for batch in
    select b.schema_name, array_agg(b.oid order by b.oid) as table_oids
      from (
        select n.nspname as schema_name, c.oid, row_number() over (partition by n.oid order by c.oid) / 500 as number
          from pg_class as c
          join pg_namespace as n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p') and c.relpersistence = 'p'
           and pgstream.is_logged_schema(n.nspname)
           and (only_schema is null or n.nspname = only_schema)
      ) as b
     group by b.schema_name, b.number
     order by b.schema_name, b.number
  loop
    select jsonb_agg(d.description order by d.table_oid), pg_current_snapshot() into described, seen
      from pgstream.describe_tables(batch.table_oids) as d;
    if described is not null then
      written := written + pgstream.write_entries('REFRESH', batch.schema_name, described, '[]', seen);
    end if;
  end loop;
  return written;
end
$$;

comment on function pgstream.log_existing_tables(text) is
  'Writes entries that describe every table, of one schema or all; returns how many entries. Locks nothing: a table that changes meanwhile has an entry that this transaction could not see.';

create function pgstream.refresh_schema(schema_name text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regnamespace(quote_ident(refresh_schema.schema_name)) is null then
    raise exception using
      errcode = 'invalid_schema_name',
      message = format('there is no schema %s', quote_ident(refresh_schema.schema_name));
  end if;
  perform pgstream.log_existing_tables(refresh_schema.schema_name);
end
$$;

comment on function pgstream.refresh_schema(text) is 'Writes entries that describe every table of the schema as it is now.';

revoke execute on all functions in schema pgstream from public;
