create table pgstream.backfills (
  -- each slot feeds another destination
  slot text not null,
  table_oid oid not null,
  schema_name text not null,
  table_name text not null,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'cancelled', 'failed')),
  -- who is at it: drawn by each pgstream run when it starts
  run text,
  -- when it began, and with how many rows: what it does a second is not to count pauses between two of them
  run_started_at timestamptz,
  run_started_rows bigint not null default 0,
  ordered_by text,
  last_key text[],
  again jsonb not null default '[]',
  rows bigint not null default 0,
  bytes bigint not null default 0,
  estimated_rows bigint,
  error text,
  requested_at timestamptz not null default now(),
  started_at timestamptz,
  updated_at timestamptz,
  finished_at timestamptz,
  primary key (slot, table_oid)
);

comment on table pgstream.backfills is
  'Tables whose existing rows are to be put into the stream of a slot, and how far that has come.';
comment on column pgstream.backfills.last_key is
  'Everything up to this key, in the order that ordered_by describes, is durable at the destination.';
comment on column pgstream.backfills.again is 'Keys of rows that are to be read once more, one list each.';
