-- Both trigger functions are stable: what they read themselves, or let a stable function read, is the database before
-- the command; what a volatile function reads is the database after it. The planner settings keep a session from
-- reading whole catalogs.

create function pgstream.on_ddl_command_end() returns event_trigger
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  target record;
  before jsonb;
  change record;
  touched oid[];
begin
  begin
    select * into target from pgstream.command_targets();
    touched := target.tables || target.index_tables;
    if touched || target.types || target.schemas = '{}' then
      return;
    end if;
    begin
      before := pgstream.state(target.tables, target.types, target.schemas);
    exception when others then
      -- a default may use what the command dropped; then everything counts as changed
      before := null;
    end;
    select * into change
      from pgstream.changes(before, target.tables, target.index_tables, target.types, target.schemas);
    touched := touched || change.touched;
    perform pgstream.log_changes(
      tg_tag, change.tables, change.gone, change.schemas,
      target.index_tables <> '{}' and target.tables = '{}');
  exception when others then
    perform pgstream.report_trouble('schema log', tg_tag, null, sqlstate, sqlerrm);
  end;
  perform pgstream.give_identities(tg_tag, touched, target.made);
exception when others then
  raise warning 'pgstream: the command % is done, what pgstream does beside it failed: %', tg_tag, sqlerrm;
end
$$;

create function pgstream.on_sql_drop() returns event_trigger
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  target record;
  touched oid[];
begin
  begin
    select * into target from pgstream.drop_targets();
    touched := target.tables || target.lost_index;
    perform pgstream.log_losses(tg_tag, target.tables, target.gone, target.schemas);
  exception when others then
    perform pgstream.report_trouble('schema log', tg_tag, null, sqlstate, sqlerrm);
  end;
  perform pgstream.give_identities(tg_tag, touched, '{}');
exception when others then
  raise warning 'pgstream: the command % is done, what pgstream does beside it failed: %', tg_tag, sqlerrm;
end
$$;

revoke execute on all functions in schema pgstream from public;

create event trigger pgstream_ddl_command_end on ddl_command_end execute function pgstream.on_ddl_command_end();
create event trigger pgstream_sql_drop on sql_drop execute function pgstream.on_sql_drop();
alter event trigger pgstream_ddl_command_end enable always;
alter event trigger pgstream_sql_drop enable always;
