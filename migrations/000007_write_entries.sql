create function pgstream.write_entries(
  command text, in_schema text, described jsonb, gone jsonb, facts jsonb default '{}'
) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- a part is at most this, one column and the keys of one table: below 256 kB
  part_bytes constant integer := 131072;
  head constant jsonb := facts || jsonb_build_object(
    'command', command,
    'xid', pg_current_xact_id()::text,
    'snapshot', pg_current_snapshot()::text);
  written bigint;
begin
  if octet_length(described::text) + octet_length(gone::text) <= part_bytes then
    insert into pgstream.schema_log (schema_name, schema)
    values (in_schema, head || jsonb_build_object('tables', described, 'dropped_tables', gone));
    return 1;
  end if;

  with piece as (
    select t.place, 0::bigint as step, t.value - 'columns' as keys, null::jsonb as one_column, null::jsonb as dropped
      from jsonb_array_elements(described) with ordinality as t (value, place)
    union all
    select t.place, c.step, null, c.value, null
      from jsonb_array_elements(described) with ordinality as t (value, place)
     cross join jsonb_array_elements(t.value -> 'columns') with ordinality as c (value, step)
    union all
    select 0, d.step, null, null, d.value
      from jsonb_array_elements(gone) with ordinality as d (value, step)
  ), placed as (
    select p.*,
           sum(octet_length(coalesce(p.one_column, p.keys, p.dropped)::text) + 2) over (order by p.place, p.step)
             / part_bytes as bucket
      from piece as p
  ), numbered as (
    select p.*, dense_rank() over (order by p.bucket) as part from placed as p
  ), columns_of_part as (
    select n.part, n.place, coalesce(jsonb_agg(n.one_column order by n.step) filter (where n.step > 0), '[]') as value
      from numbered as n where n.place > 0 group by n.part, n.place
  ), tables_of_part as (
    select c.part, jsonb_agg(p.keys || jsonb_build_object('columns', c.value) order by c.place) as value
      from columns_of_part as c
      join piece as p on p.place = c.place and p.step = 0
     group by c.part
  ), dropped_of_part as (
    select n.part, jsonb_agg(n.dropped order by n.step) as value
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

comment on function pgstream.write_entries(text, text, jsonb, jsonb, jsonb) is
  'Writes one entry of the schema log, or as many parts of it as its size needs; returns how many.';

revoke execute on all functions in schema pgstream from public;
