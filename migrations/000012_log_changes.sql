create function pgstream.shapes(table_oids oid[]) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(
             jsonb_object_agg(d.table_oid, jsonb_build_object('schema', d.schema_name, 'shape', d.description)), '{}')
      from pgstream.describe_tables(table_oids) as d);
end
$$;

comment on function pgstream.shapes(oid[]) is 'Schema and description of each of the tables that is logged, by oid.';

create function pgstream.described(table_oids oid[], out tables jsonb, out seen pg_snapshot)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  tables := '[]';
  seen := pg_current_snapshot();
  if table_oids <> '{}' then
    tables := (select coalesce(jsonb_agg(s.value), '[]') from jsonb_each(pgstream.shapes(table_oids)) as s);
  end if;
end
$$;

comment on function pgstream.described(oid[]) is
  'Schemas and descriptions as a list, and the snapshot that they were taken from.';

create function pgstream.state(table_oids oid[], type_oids oid[], schema_oids oid[]) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  found constant jsonb := jsonb_build_object(
    'tables', pgstream.shapes(table_oids),
    'children', (
      select coalesce(jsonb_object_agg(i.parent, i.children), '{}')
        from (
          select h.inhparent as parent, jsonb_agg(h.inhrelid::bigint) as children
            from pg_inherits as h where h.inhparent = any (table_oids) group by h.inhparent
        ) as i));
begin
  if type_oids = '{}' and schema_oids = '{}' then
    return found;
  end if;
  return found || jsonb_build_object(
    'types', (
      select coalesce(
               jsonb_object_agg(t.oid, jsonb_build_object(
                 'is', jsonb_build_array(t.typname, t.typnamespace::bigint, t.typnotnull),
                 'labels', (select coalesce(jsonb_agg(e.enumlabel), '[]') from pg_enum as e where e.enumtypid = t.oid))),
               '{}')
        from pg_type as t where t.oid = any (type_oids)),
    'schemas', (
      select coalesce(jsonb_object_agg(n.oid, n.nspname), '{}')
        from pg_namespace as n where n.oid = any (schema_oids) and pgstream.is_logged_schema(n.nspname)));
end
$$;

comment on function pgstream.state(oid[], oid[], oid[]) is
  'What a command can change of tables, types and schemas. Called in a stable function, it is what they were before the command.';

create function pgstream.changes(
  before jsonb, table_oids oid[], index_tables oid[], type_oids oid[], schema_oids oid[],
  out touched oid[], out tables jsonb, out gone jsonb, out schemas jsonb, out seen pg_snapshot
)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  after jsonb;
  -- what happened to these happened to their descendants, too
  reshaped oid[];
  joined_or_left oid[];
  renamed_schemas oid[];
  others oid[];
begin
  select pgstream.state(table_oids, type_oids, schema_oids), pg_current_snapshot() into after, seen;

  select coalesce(array_agg(a.key::oid), '{}'),
         coalesce(array_agg(a.key::oid) filter (
           where before is null
              or array[b.shape -> 'columns', b.shape -> 'primary_key_columns', b.shape -> 'unique_indexes']
                 <> array[a.shape -> 'columns', a.shape -> 'primary_key_columns', a.shape -> 'unique_indexes']), '{}'),
         coalesce(jsonb_agg(
           jsonb_build_object(
             'schema', b.schema,
             'table', jsonb_build_object('oid', b.key, 'pgstream_id', b.shape -> 'pgstream_id', 'name', b.shape -> 'name'))
         ) filter (where b.schema <> a.schema), '[]')
    into touched, reshaped, gone
    from (select key, value -> 'schema' as schema, value -> 'shape' as shape from jsonb_each(after -> 'tables')) as a
    left join (
      select key, value -> 'schema' as schema, value -> 'shape' as shape from jsonb_each(before -> 'tables')
    ) as b on b.key = a.key
   where a.shape is distinct from b.shape or a.schema <> b.schema;

  -- what is unlogged is not in the stream any more: for those who read it, it is gone
  select gone || coalesce(jsonb_agg(
           jsonb_build_object(
             'schema', b.value -> 'schema',
             'table', jsonb_build_object(
               'oid', b.key, 'pgstream_id', b.value #> '{shape,pgstream_id}', 'name', b.value #> '{shape,name}'))), '[]')
    into gone
    from jsonb_each(before -> 'tables') as b
   -- offset 0: statistics that know how few are unlogged make a join begin with all of pg_class
   cross join lateral (select from pg_class as c where c.oid = b.key::oid and c.relpersistence = 'u' offset 0) as unlogged;

  if before -> 'children' is distinct from after -> 'children' then
    with now as (
      select p.key::oid as parent, c.child::oid
        from jsonb_each(after -> 'children') as p
       cross join jsonb_array_elements_text(p.value) as c (child)
    ), earlier as (
      select p.key::oid as parent, c.child::oid
        from jsonb_each(before -> 'children') as p
       cross join jsonb_array_elements_text(p.value) as c (child)
    ), different as (
      (select * from now except select * from earlier) union all (select * from earlier except select * from now)
    )
    select touched || array_agg(d.parent) || array_agg(d.child), array_agg(d.child)
      into touched, joined_or_left
      from different as d;
  end if;

  schemas := '{}';
  if schema_oids <> '{}' then
    select coalesce(array_agg(a.key::oid) filter (where a.value <> b.value), '{}'),
           coalesce(jsonb_object_agg(
             a.value #>> '{}',
             case when b.value is null then '{}' else jsonb_build_object('renamed_from', b.value) end
           ) filter (where a.value is distinct from b.value), '{}')
      into renamed_schemas, schemas
      from jsonb_each(after -> 'schemas') as a
      left join jsonb_each(before -> 'schemas') as b on b.key = a.key;
  end if;

  if type_oids <> '{}' then
    touched := touched || pgstream.tables_with_types(array(
      select a.key::oid
        from jsonb_each(after -> 'types') as a
        join jsonb_each(before -> 'types') as b
          on b.key = a.key
         -- another label is no change, another name of one is: rows and defaults have it
         and (b.value -> 'is' <> a.value -> 'is' or not a.value -> 'labels' @> (b.value -> 'labels'))));
  end if;
  if renamed_schemas <> '{}' then
    -- by pg_depend: no index of pg_type begins with the schema
    touched := touched || pgstream.tables_with_types(array(
      select coalesce(c.reltype, d.objid)
        from pg_depend as d
        left join pg_class as c on d.classid = 'pg_class'::regclass and c.oid = d.objid
       where d.refclassid = 'pg_namespace'::regclass and d.refobjid = any (renamed_schemas)
         and d.classid in ('pg_class'::regclass, 'pg_type'::regclass)));
  end if;

  touched := touched || index_tables || pgstream.descendants(reshaped || joined_or_left || index_tables);
  others := array(select unnest(touched) except select unnest(table_oids));
  if others = '{}' then
    select coalesce(jsonb_agg(a.value), '[]') into tables
      from jsonb_each(after -> 'tables') as a
     where a.key::oid = any (touched);
  else
    select d.tables, d.seen into tables, seen from pgstream.described(touched) as d;
  end if;
end
$$;

comment on function pgstream.changes(jsonb, oid[], oid[], oid[], oid[]) is
  'What a command changed, by comparing what it was about with what that was before. Null for before: everything.';

create function pgstream.log_changes(
  command text, tables jsonb, already oid[], gone jsonb, schemas jsonb, seen pg_snapshot,
  adds_indexes boolean default false
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  entry record;
begin
  for entry in
    with described as (
      select t.value ->> 'schema' as schema_name, jsonb_agg(t.value -> 'shape') as tables
        from jsonb_array_elements(log_changes.tables) as t
       where (t.value #>> '{shape,oid}')::oid <> all (already)
       group by t.value ->> 'schema'
    ), lost as (
      select g.value ->> 'schema' as schema_name, jsonb_agg(g.value -> 'table') as tables
        from jsonb_array_elements(gone) as g group by g.value ->> 'schema'
    ), named as (
      select key as schema_name, value as facts from jsonb_each(schemas)
    )
    select s.schema_name,
           coalesce(d.tables, '[]') as tables,
           coalesce(l.tables, '[]') as dropped_tables,
           coalesce(n.facts, '{}') as facts
      from (
        select schema_name from described union select schema_name from lost union select schema_name from named
      ) as s
      left join described as d on d.schema_name = s.schema_name
      left join lost as l on l.schema_name = s.schema_name
      left join named as n on n.schema_name = s.schema_name
     order by s.schema_name
  loop
    perform pgstream.write_entries(
      command,
      entry.schema_name,
      entry.tables,
      entry.dropped_tables,
      seen,
      entry.facts || case when adds_indexes then '{"adds_indexes": true}'::jsonb else '{}' end);
  end loop;
end
$$;

comment on function pgstream.log_changes(text, jsonb, oid[], jsonb, jsonb, pg_snapshot, boolean) is
  'Writes one entry for each schema that has one of these tables (but for those that have an entry already), lost one, or is named itself.';

create function pgstream.log_losses(command text, table_oids oid[], already oid[], gone jsonb, schemas jsonb)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if table_oids <> '{}' or gone <> '[]' or schemas <> '{}' then
    perform pgstream.log_changes(command, d.tables, already, gone, schemas, d.seen)
       from pgstream.described(table_oids) as d;
  end if;
end
$$;

comment on function pgstream.log_losses(text, oid[], oid[], jsonb, jsonb) is
  'The same for tables that lost something, as they are now, and for what is gone altogether.';

revoke execute on all functions in schema pgstream from public;
