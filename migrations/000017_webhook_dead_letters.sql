create table pgstream.webhook_dead_letters (
  id bigint generated always as identity primary key,
  -- of the change, the same for every receiver: what came again after a crash is kept once
  webhook_id text not null,
  url text not null,
  subscription_ids bigint[] not null,
  action text not null,
  schema_name text not null,
  table_name text not null,
  -- the bytes that were sent: a signature is over bytes
  body bytea not null,
  reason text not null,
  attempts integer not null,
  created_at timestamptz not null default now(),
  unique (url, webhook_id)
);

comment on table pgstream.webhook_dead_letters is
  'Notifications that a receiver would not take; pgstream dead-letters shows, sends and drops them.';
