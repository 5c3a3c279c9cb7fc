create function pgstream.write_entries(
  command text, in_schema text, described jsonb, gone jsonb, seen pg_snapshot, facts jsonb default '{}'
) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set enable_hashjoin = on
as $$
declare
  -- a part is less than this and one more table, or one more column and the keys of its table: below 256 kB
  part_bytes constant integer := 100000;
  head constant jsonb := facts || jsonb_build_object(
    'command', command,
    'xid', pg_current_xact_id()::text,
    'lsn', pg_current_wal_insert_lsn()::text,
    'snapshot', seen::text);
  written bigint;
begin
  if octet_length(described::text) + octet_length(gone::text) <= part_bytes then
    insert into pgstream.schema_log (schema_name, schema)
    values (in_schema, head || jsonb_build_object('tables', described, 'dropped_tables', gone));
    return 1;
  end if;

  with given as (
    select t.place, t.value, octet_length(t.value::text) > part_bytes as is_large
      from jsonb_array_elements(described) with ordinality as t (value, place)
  ), piece as (
    select g.place, 0::bigint as step, case when g.is_large then g.value - 'columns' else g.value end as value
      from given as g
    union all
    select g.place, c.step, c.value
      from given as g
     cross join jsonb_array_elements(g.value -> 'columns') with ordinality as c (value, step)
     where g.is_large
    union all
    select 0, d.step, d.value
      from jsonb_array_elements(gone) with ordinality as d (value, step)
  ), placed as (
    select p.*, sum(octet_length(p.value::text) + 2) over (order by p.place, p.step) / part_bytes as bucket
      from piece as p
  ), numbered as (
    select p.*, dense_rank() over (order by p.bucket) as part from placed as p
  ), columns_of_part as (
    select n.part, n.place, coalesce(jsonb_agg(n.value order by n.step) filter (where n.step > 0), '[]') as columns
      from numbered as n where n.place > 0 group by n.part, n.place
  ), tables_of_part as (
    select c.part,
           jsonb_agg(
             case when g.is_large then p.value || jsonb_build_object('columns', c.columns) else p.value end
             order by c.place
           ) as value
      from columns_of_part as c
      join given as g on g.place = c.place
      join piece as p on p.place = c.place and p.step = 0
     group by c.part
  ), dropped_of_part as (
    select n.part, jsonb_agg(n.value order by n.step) as value
      from numbered as n where n.place = 0 group by n.part
  )
  insert into pgstream.schema_log (schema_name, schema)
  select in_schema,
         head || jsonb_build_object(
           'tables', coalesce(t.value, '[]'),
           'dropped_tables', coalesce(d.value, '[]'),
           'part', part.number,
           'parts', count(*) over ())
    from (select distinct n.part as number from numbered as n) as part
    left join tables_of_part as t on t.part = part.number
    left join dropped_of_part as d on d.part = part.number
   order by part.number;
  get diagnostics written = row_count;
  return written;
end
$$;

comment on function pgstream.write_entries(text, text, jsonb, jsonb, pg_snapshot, jsonb) is
  'Writes one entry of the schema log, or as many parts of it as its size needs; returns how many. The snapshot is that of the statement that described the tables: a later one would claim to know what others have changed since.';

revoke execute on all functions in schema pgstream from public;
