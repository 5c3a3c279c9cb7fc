import pg from 'pg'
import type { OutputPlugin } from '../wal/plugin-message.ts'
import { bookkeepingSql } from './bookkeeping.ts'
import { readMigrations } from './migration-files.ts'
import type { Migration } from './migration-files.ts'
import { openTransactionsSql } from './older-transactions.ts'
import { parsePostgresUrl } from './postgres-url.ts'
import { publicationName, publicationSql } from './publication.ts'
import { slotNameFor } from './slot-name.ts'

export interface PrintInitSqlOptions {
  /** Read for the names of database and user: nothing is connected to. */
  url: string
  slotName?: string | undefined
  /** The output plugin of the slot. Default: pgoutput. */
  plugin?: OutputPlugin | undefined
}

/**
 * What `init` does, as one script that a DBA reads and runs with psql, any number of times. The user of the URL, when it is
 * no superuser, is granted what `run` needs.
 */
export async function printInitSql(options: PrintInitSqlOptions): Promise<string> {
  const { database, user } = parsePostgresUrl(options.url)
  const slot = slotNameFor(database, options.slotName)
  const parts = [
    head(database),
    bookkeepingSql,
    ...(await readMigrations()).map(migration),
    settle,
    heading('Replica identities: one table at a time, and again where somebody is using it'),
    identities,
    heading('The publication, and the tables that came meanwhile'),
    publication,
    identities,
    makeSlot(slot, options.plugin ?? 'pgoutput'),
    grants(user),
    '\\echo pgstream: the database is prepared\n',
  ]
  return parts.join('\n\n')
}

const heading = (text: string): string => `-- ${text}`

const literal = (text: string): string => pg.escapeLiteral(text)

const block = (body: string): string => `do $pgstream$\n${body}\n$pgstream$;`

/** `when` is an SQL condition, asked when the script comes there. */
const onlyIf = (when: string, body: string): string =>
  `select ${when} as pgstream_todo \\gset\n\\if :pgstream_todo\n${body}\n\\endif`

const head = (database: string): string => `-- pgstream init for database ${JSON.stringify(database)}.
-- Run it with psql as a superuser, connected to that database; it can be run again at any time.
\\set ON_ERROR_STOP on
\\set AUTOCOMMIT on
set search_path = pg_catalog;
set statement_timeout = 0;
set lock_timeout = 0;
set client_min_messages = warning;

${block(`begin
  if current_database() <> ${literal(database)} then
    raise exception 'this script is for database %, not for %', ${literal(database)}, current_database();
  elsif current_setting('server_version_num')::int < 140000 then
    raise exception 'pgstream needs Postgres 14 or newer';
  elsif current_setting('wal_level') <> 'logical' then
    raise exception 'wal_level is %; set it to logical and restart Postgres', current_setting('wal_level');
  elsif to_regclass('pgstream.migrations') is null
    and coalesce(to_regclass('pgstream.schema_migrations'), to_regclass('pgstream.table_ids')) is not null then
    raise exception 'schema pgstream was made by the Go version of pgstream: let that version tear it down first';
  end if;
end`)}`

const migration = ({ version, name, sql }: Migration): string =>
  [
    heading(`Migration ${name}`),
    onlyIf(
      `not exists (select from pgstream.migrations where version = ${version})`,
      `begin;
${sql.trim()}
insert into pgstream.migrations (version, name) values (${version}, ${literal(name)});
commit;`,
    ),
  ].join('\n')

const settle = `-- Transactions that began before the event triggers may create tables that no trigger sees
${block(`declare
  older text[];
  sessions_left boolean := true;
  names text;
begin
  if not exists (select from pgstream.migrations where settled_at is null) then
    return;
  end if;
  select coalesce(array_agg(id), '{}') into older from (${openTransactionsSql}) as open;
  loop
    perform pg_stat_clear_snapshot();
    if sessions_left then
      select older || coalesce(array_agg(id), '{}') into older
        from (${openTransactionsSql}) as open where pid is null;
    end if;
    select string_agg(coalesce('pid ' || pid, id), ', '), coalesce(bool_or(pid is not null), false)
      into names, sessions_left from (${openTransactionsSql}) as open where id = any (older);
    exit when names is null;
    raise info 'waiting for transactions that began before the event triggers: %', names;
    perform pg_sleep(1);
  end loop;
  update pgstream.migrations set settled_at = now() where settled_at is null;
end`)}`

const identities = block(`declare
  found record;
  in_use text;
begin
  loop
    in_use := null;
    for found in select * from pgstream.tables_without_identity() loop
      begin
        perform set_config('lock_timeout', '100ms', true);
        perform pgstream.set_replica_identity_full(found.table_oid);
      exception when lock_not_available or deadlock_detected then
        in_use := format('%I.%I', found.schema_name, found.table_name);
      end;
      commit;
    end loop;
    exit when in_use is null;
    raise info 'waiting for transactions that use tables without a key: %', in_use;
    perform pg_sleep(1);
  end loop;
end`)

const publication = block(`begin
  if not exists (select from pg_publication where pubname = ${literal(publicationName)}) then
    if current_setting('server_version_num')::int >= 180000 then
      ${publicationSql(180000)};
    else
      ${publicationSql(140000)};
    end if;
  end if;
end`)

const makeSlot = (slot: string, plugin: OutputPlugin): string => {
  const missing = `not exists (select from pg_replication_slots where slot_name = ${literal(slot)})`
  return `-- The slot: waits for every transaction of the server that has written something
insert into pgstream.slots (name) values (${literal(slot)})
  on conflict (name) do update set tables_logged_at = null where ${missing};
${onlyIf(missing, `select pg_create_logical_replication_slot(${literal(slot)}, ${literal(plugin)});`)}

-- The tables that are there, as the first entries of the stream
with logged as (
  update pgstream.slots set tables_logged_at = now()
   where name = ${literal(slot)} and tables_logged_at is null returning name
)
select pgstream.log_existing_tables() as schema_log_entries from logged;`
}

const grants = (user: string): string => {
  const role = pg.escapeIdentifier(user)
  return `-- What pgstream run needs when it does not connect as a superuser
${onlyIf(
  `exists (select from pg_roles where rolname = ${literal(user)} and not rolsuper)`,
  `alter role ${role} replication;
grant usage on schema pgstream to ${role};
grant select on all tables in schema pgstream to ${role};
grant insert, update, delete on pgstream.slots to ${role};
grant insert on pgstream.schema_marks to ${role};
grant update (acked) on pgstream.schema_log to ${role};
grant insert, update, delete on pgstream.webhook_subscriptions, pgstream.webhook_dead_letters to ${role};
grant execute on function pgstream.tables_without_identity(), pgstream.set_replica_identity_full(oid),
  pgstream.log_existing_tables(text), pgstream.table_id(oid), pgstream.encode_xid(text) to ${role};`,
)}`
}
