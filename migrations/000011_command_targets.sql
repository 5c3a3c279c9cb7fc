create function pgstream.descendants(table_oids oid[]) returns oid[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with recursive below as (
      select i.inhrelid from pg_inherits as i where i.inhparent = any (table_oids)
      union
      -- offset 0, here and below: never the whole catalog first, whatever the statistics say
      select i.inhrelid
        from below as b
       cross join lateral (select p.inhrelid from pg_inherits as p where p.inhparent = b.inhrelid offset 0) as i
    )
    select coalesce(array_agg(b.inhrelid), '{}') from below as b);
end
$$;

comment on function pgstream.descendants(oid[]) is 'Partitions and inheriting tables, of all levels.';

create function pgstream.tables_with_types(type_oids oid[]) returns oid[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with recursive reached as (
      select unnest(type_oids) as oid
      union
      -- arrays of a type and domains over it
      select u.objid
        from reached as r
       cross join lateral (
         select d.objid
           from pg_depend as d
          where d.refclassid = 'pg_type'::regclass and d.refobjid = r.oid and d.classid = 'pg_type'::regclass
         offset 0
       ) as u
    ), used as (
      select u.objid
        from reached as r
       cross join lateral (
         select d.objid
           from pg_depend as d
          where d.refclassid = 'pg_type'::regclass and d.refobjid = r.oid and d.classid = 'pg_class'::regclass
         offset 0
       ) as u
    )
    select coalesce(array_agg(distinct t.oid), '{}')
      from used as u
     cross join lateral (
       select c.oid from pg_class as c where c.oid = u.objid and c.relkind in ('r', 'p') offset 0
     ) as t);
end
$$;

comment on function pgstream.tables_with_types(oid[]) is
  'Tables with columns of these types, of arrays of them and of domains over them, and tables made of a composite type.';

create function pgstream.command_targets(
  -- whether they changed is to be found out
  out tables oid[],
  -- got a unique index, which is not always seen by comparing: a concurrent one is older than the last transaction;
  -- REINDEX of one table may have made one valid, REINDEX of many is told of none: hardly one of them will have changed
  out index_tables oid[],
  out types oid[],
  out schemas oid[],
  out made oid[]
)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  extensions oid[];
begin
  select coalesce(array_agg(distinct coalesce(i.indrelid, c.oid)) filter (
           where c.relkind in ('r', 'p') or i.indexrelid is not null and d.command_tag = 'ALTER INDEX'), '{}'),
         coalesce(
           case when count(distinct i.indrelid) filter (where d.command_tag = 'REINDEX') <= 1
             then array_agg(distinct i.indrelid) filter (
               where i.indisunique and d.command_tag in ('CREATE INDEX', 'REINDEX')) end,
           '{}'),
         coalesce(array_agg(distinct coalesce(c.reltype, d.objid)) filter (
           where d.command_tag in ('ALTER TYPE', 'ALTER DOMAIN')
             and (d.classid = 'pg_type'::regclass or c.relkind = 'c')), '{}'),
         coalesce(array_agg(distinct d.objid) filter (where d.classid = 'pg_namespace'::regclass), '{}'),
         coalesce(array_agg(distinct c.oid) filter (
           where c.relkind = 'r' and d.command_tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO')), '{}'),
         array_agg(d.objid) filter (
           where d.classid = 'pg_extension'::regclass and d.command_tag = 'ALTER EXTENSION')
    into tables, index_tables, types, schemas, made, extensions
    from pg_event_trigger_ddl_commands() as d
    left join pg_class as c
      on d.classid = 'pg_class'::regclass and c.oid = d.objid
     -- unlogged: this command may have made it so
     and (c.relpersistence = 'p' or c.relpersistence = 'u' and c.relkind = 'r' and d.command_tag = 'ALTER TABLE')
     and c.relnamespace <> 'pg_toast'::regnamespace
     and (d.command_tag <> 'COMMENT' or d.objsubid > 0)
    left join pg_index as i on i.indexrelid = c.oid;

  if extensions is not null then
    select types || coalesce(array_agg(d.objid) filter (where d.classid = 'pg_type'::regclass), '{}'),
           tables || coalesce(array_agg(d.objid) filter (where d.classid = 'pg_class'::regclass), '{}')
      into types, tables
      from pg_depend as d
     where d.refclassid = 'pg_extension'::regclass and d.refobjid = any (extensions) and d.deptype = 'e';
  end if;

  if types <> '{}' then
    tables := tables || (
      select coalesce(array_agg(t.oid), '{}')
        from pg_depend as d
       cross join lateral (
         select c.oid from pg_class as c where c.oid = d.objid and c.reloftype = d.refobjid offset 0
       ) as t
       where d.refclassid = 'pg_type'::regclass and d.refobjid = any (types) and d.classid = 'pg_class'::regclass);
  end if;
end
$$;

comment on function pgstream.command_targets() is 'What the command of an event trigger was about, as far as it can matter to a table.';

create function pgstream.drop_targets(
  out tables oid[], out lost_index oid[], out gone jsonb, out schemas jsonb
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  dropped oid[];
  told_by_command oid[];
  unseen_index boolean;
begin
  select coalesce(jsonb_agg(
           jsonb_build_object(
             'schema', d.schema_name,
             'table', jsonb_build_object(
               'oid', d.objid::text, 'pgstream_id', pgstream.table_id(d.objid)::text, 'name', d.object_name))
         ) filter (
           where d.object_type = 'table' and not d.is_temporary and coalesce(c.relpersistence, 'p') = 'p'
             and pgstream.is_logged_schema(d.schema_name)), '[]'),
         coalesce(jsonb_object_agg(d.object_name, '{"dropped": true}'::jsonb) filter (
           where d.object_type = 'schema' and not d.is_temporary and pgstream.is_logged_schema(d.object_name)), '{}'),
         coalesce(array_agg(distinct coalesce(i.indrelid, a.adrelid, d.objid)) filter (
           where d.object_type in ('table column', 'default value') or i.indisunique), '{}'),
         coalesce(array_agg(distinct i.indrelid) filter (where i.indrelid is not null), '{}'),
         coalesce(bool_or(d.object_type = 'index' and i.indexrelid is null), false),
         coalesce(array_agg(d.objid) filter (where d.object_type = 'table'), '{}')
    into gone, schemas, tables, lost_index, unseen_index, dropped
    from pg_event_trigger_dropped_objects() as d
    left join pg_class as c on d.object_type = 'table' and c.oid = d.objid
    left join pg_index as i on d.object_type = 'index' and i.indexrelid = d.objid
    left join pg_attrdef as a on d.object_type = 'default value' and a.oid = d.objid;

  tables := array(select unnest(tables) except select unnest(dropped));
  lost_index := array(select unnest(lost_index) except select unnest(dropped));
  if unseen_index then
    -- dropped concurrently: this is the transaction after the one that knew the table, and it has it locked
    lost_index := lost_index || (
      select coalesce(array_agg(l.relation), '{}')
        from pg_locks as l
       where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.mode = 'ShareUpdateExclusiveLock');
    tables := tables || lost_index;
  end if;

  if tables <> '{}' or lost_index <> '{}' then
    -- an ALTER that drops something is followed by its ddl_command_end
    told_by_command := (select t.tables from pgstream.command_targets() as t);
    told_by_command := told_by_command || pgstream.descendants(told_by_command);
    tables := array(select unnest(tables) except select unnest(told_by_command));
    lost_index := array(select unnest(lost_index) except select unnest(told_by_command));
  end if;
end
$$;

comment on function pgstream.drop_targets() is
  'What the command of a sql_drop trigger took away, and the tables that lost something with it. Stable, to see the catalogs as they were.';

revoke execute on all functions in schema pgstream from public;
