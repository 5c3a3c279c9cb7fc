create sequence pgstream.schema_log_version;

create table pgstream.schema_log (
  id pgstream.xid primary key default pgstream.new_id(),
  version bigint not null default nextval('pgstream.schema_log_version'),
  schema_name text not null,
  schema jsonb not null,
  created_at timestamp not null default (now() at time zone 'utc'),
  acked boolean not null default false
);

create index schema_log_by_schema on pgstream.schema_log (schema_name, version);

comment on table pgstream.schema_log is
  'What DDL changed, in the transaction that changed it; src/wal/schema-log.ts describes the JSON.';
comment on column pgstream.schema_log.version is 'A label that rises; the order of entries is that of their commits.';
