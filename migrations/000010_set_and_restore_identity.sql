create function pgstream.alter_replica_identity(table_oid oid, identity text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- quoted, with its schema, and the present one also in a transaction with an old view of the catalogs
  name constant text := table_oid::regclass;
begin
  execute format('alter table only %s ', name)
    -- what is so already is not written, and would look for ever as it did in an old view
    || case when current_setting('transaction_isolation') in ('repeatable read', 'serializable')
         then 'replica identity nothing, ' else '' end
    || 'replica identity ' || identity;
  if table_oid::regclass::text <> name then
    -- another table may have got the name before we got the lock
    raise exception using
      errcode = 'serialization_failure',
      message = format('table %s was renamed meanwhile', name);
  end if;
end
$$;

create function pgstream.set_replica_identity_full(table_oid oid) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  target record;
  given "char" := 'f';
  index_name text;
begin
  perform from pgstream.identity_problems(array[set_replica_identity_full.table_oid]);
  if not found then
    return false;
  end if;
  select c.relreplident, c.relname, n.nspname,
         exists (
           select from pg_attribute as a where a.attrelid = c.oid and a.attgenerated = 'v' and not a.attisdropped
           offset 0
         ) as has_virtual_column
    into target
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
   where c.oid = set_replica_identity_full.table_oid
   order by c.xmax <> '0';

  if target.has_virtual_column then
    -- Postgres 18 refuses FULL: only a key can help
    select case when i.indisprimary then 'd' else 'i' end, x.relname into given, index_name
      from pg_index as i
      join pg_class as x on x.oid = i.indexrelid
     where i.indrelid = set_replica_identity_full.table_oid
       and i.indisunique and i.indisvalid and i.indislive and i.indimmediate and i.indpred is null
       and i.indexprs is null
       and not exists (
         select from pg_attribute as a
          where a.attrelid = i.indrelid and a.attnum = any (i.indkey) and not a.attnotnull
         offset 0)
     order by i.indisprimary desc, i.indnkeyatts, i.indexrelid
     limit 1;
    if not found then
      return false;
    end if;
  end if;

  insert into pgstream.replica_identities (table_id, table_oid, schema_name, table_name, previous, previous_index, given)
  values (pgstream.table_id(set_replica_identity_full.table_oid), set_replica_identity_full.table_oid,
          target.nspname, target.relname, target.relreplident,
          (select i.indexrelid from pg_index as i
            where i.indrelid = set_replica_identity_full.table_oid and i.indisreplident and target.relreplident = 'i'
            offset 0 limit 1),
          given);
  perform pgstream.alter_replica_identity(
    set_replica_identity_full.table_oid,
    case given when 'f' then 'full' when 'd' then 'default' else format('using index %I', index_name) end);
  return true;
end
$$;

comment on function pgstream.set_replica_identity_full(oid) is
  'Gives a table that Postgres would not let be updated once it is published the replica identity FULL, or the key that a virtual generated column leaves as the only choice; remembers what was. False when nothing had to or could be done.';

create function pgstream.restore_replica_identity(table_oid oid) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  change record;
  previous "char";
  newest "char";
  index_oid oid;
  index_name text;
begin
  -- back over our own changes, up to what the user of the table wanted last
  for change in
    select r.previous, r.previous_index, r.given
      from pgstream.replica_identities as r
     where r.table_oid = restore_replica_identity.table_oid
       and r.table_id = pgstream.table_id(r.table_oid)
     order by r.id desc
  loop
    exit when change.given <> previous;
    newest := coalesce(newest, change.given);
    previous := change.previous;
    index_oid := change.previous_index;
  end loop;

  delete from pgstream.replica_identities as r where r.table_oid = restore_replica_identity.table_oid;
  perform from pg_class as c where c.oid = restore_replica_identity.table_oid and c.relreplident = newest;
  if not found then
    -- it is gone, or its user has chosen again
    return false;
  end if;
  select x.relname into index_name
    from pg_index as i join pg_class as x on x.oid = i.indexrelid
   where i.indexrelid = index_oid and i.indrelid = restore_replica_identity.table_oid and i.indisvalid;
  perform pgstream.alter_replica_identity(
    restore_replica_identity.table_oid,
    case
      when previous = 'd' then 'default'
      when previous = 'f' then 'full'
      when index_name is not null then format('using index %I', index_name)
      -- an index was its identity, and is gone: Postgres treats that like nothing
      else 'nothing'
    end);
  return true;
end
$$;

comment on function pgstream.restore_replica_identity(oid) is
  'Gives a table back the replica identity that pgstream changed, and forgets it; false when there is nothing to restore. Does not ask whether a publication will then refuse updates.';

revoke execute on all functions in schema pgstream from public;
