create function pgstream.give_identities(command text, table_oids oid[], made oid[], out mended oid[])
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  problem record;
  locked boolean;
  changed boolean;
begin
  mended := '{}';
  if table_oids = '{}' then
    return;
  end if;
  for problem in
    select p.table_oid, p.reason, format('%I.%I', p.schema_name, p.table_name) as name
      from pgstream.identity_problems(table_oids) as p
  loop
    begin
      locked := problem.table_oid = any (made) or exists (
        select from pg_locks as l
         where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.relation = problem.table_oid
           and l.mode = 'AccessExclusiveLock' and l.granted);
      -- without that lock an index is dropped concurrently: at the end of its own transaction, which is about to end
      if not locked and command <> 'DROP INDEX' then
        perform pgstream.report_trouble(
          'replica identity', command, problem.name, '55P03',
          problem.reason || '; this command locks the table too weakly to change that, pgstream run will');
        continue;
      end if;
      -- a name for the entry that the trigger fired by this writes
      perform set_config('pgstream.command', command, true);
      changed := pgstream.set_replica_identity_full(problem.table_oid);
      perform set_config('pgstream.command', '', true);
      if changed then
        mended := mended || problem.table_oid;
      else
        perform pgstream.report_trouble(
          'replica identity', command, problem.name, '55000',
          problem.reason || '; updates and deletes fail until it has a primary key');
      end if;
    exception when others then
      perform pgstream.report_trouble('replica identity', command, problem.name, sqlstate, sqlerrm);
    end;
  end loop;
end
$$;

comment on function pgstream.give_identities(text, oid[], oid[]) is
  'Sets the replica identity of those of the tables that Postgres would not let be updated, where that needs no lock which this transaction does not hold; reports the others. Returns those that it changed: they have an entry.';

revoke execute on all functions in schema pgstream from public;
