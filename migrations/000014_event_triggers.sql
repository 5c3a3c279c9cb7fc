-- Both trigger functions are stable: what they read themselves, or let a stable function read, is the database before
-- the command; what a volatile function reads is the database after it. The planner settings keep a session from
-- reading whole catalogs.
--
-- Giving a table an identity is a command of its own and fires the trigger again: that logs the table, under the name of
-- the user's command, and so it is left out of the entry that would follow.

create function pgstream.on_ddl_command_end() returns event_trigger
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
set plan_cache_mode = force_generic_plan
set join_collapse_limit = 1
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  -- for the log, no more: anybody can set it
  command constant text := case tg_tag when 'ALTER TABLE'
    then coalesce(nullif(current_setting('pgstream.command', true), ''), tg_tag) else tg_tag end;
  target record;
  before jsonb;
  change record;
  compared boolean := false;
  touched oid[];
  mended oid[];
begin
  begin
    select * into target from pgstream.command_targets();
    touched := target.tables || target.index_tables;
  exception when others then
    perform pgstream.report_trouble('schema log', command, null, sqlstate, sqlerrm);
    -- updates of a table that the command made must not fail because the log does
    perform pgstream.give_identities(
              tg_tag,
              array_agg(d.objid),
              coalesce(
                array_agg(d.objid) filter (where d.command_tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO')), '{}'))
       from pg_event_trigger_ddl_commands() as d
      where d.classid = 'pg_class'::regclass;
    return;
  end;
  if touched || target.types || target.schemas = '{}' then
    return;
  end if;

  begin
    before := pgstream.state(target.tables, target.types, target.schemas);
  exception when others then
    -- a default may use what the command dropped; then everything counts as changed
    before := null;
  end;

  begin
    select * into change
      from pgstream.changes(before, target.tables, target.index_tables, target.types, target.schemas);
    touched := touched || change.touched;
    if change.gone <> '[]' then
      -- before anything that is written of where it went
      perform pgstream.log_changes(command, '[]', '{}', change.gone, '{}', change.seen);
    end if;
    compared := true;
  exception when others then
    perform pgstream.report_trouble('schema log', command, null, sqlstate, sqlerrm);
  end;

  mended := pgstream.give_identities(tg_tag, touched, target.made);

  begin
    if compared then
      perform pgstream.log_changes(
        command, change.tables, mended, '[]', change.schemas, change.seen,
        target.index_tables <> '{}' and target.tables = '{}');
    end if;
  exception when others then
    perform pgstream.report_trouble('schema log', command, null, sqlstate, sqlerrm);
  end;
exception when others then
  raise warning 'pgstream: the command % is done, what pgstream does beside it failed: %', tg_tag, sqlerrm;
end
$$;

create function pgstream.on_sql_drop() returns event_trigger
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
set plan_cache_mode = force_generic_plan
set join_collapse_limit = 1
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  target record;
  mended oid[];
begin
  begin
    select * into target from pgstream.drop_targets();
  exception when others then
    perform pgstream.report_trouble('schema log', tg_tag, null, sqlstate, sqlerrm);
    return;
  end;

  mended := pgstream.give_identities(tg_tag, target.tables || target.lost_index, '{}');

  begin
    perform pgstream.log_losses(tg_tag, target.tables, mended, target.gone, target.schemas);
  exception when others then
    perform pgstream.report_trouble('schema log', tg_tag, null, sqlstate, sqlerrm);
  end;
exception when others then
  raise warning 'pgstream: the command % is done, what pgstream does beside it failed: %', tg_tag, sqlerrm;
end
$$;

revoke execute on all functions in schema pgstream from public;

create event trigger pgstream_ddl_command_end on ddl_command_end execute function pgstream.on_ddl_command_end();
create event trigger pgstream_sql_drop on sql_drop execute function pgstream.on_sql_drop();
alter event trigger pgstream_ddl_command_end enable always;
alter event trigger pgstream_sql_drop enable always;
