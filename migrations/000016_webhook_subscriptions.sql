create table pgstream.webhook_subscriptions (
  id bigint generated always as identity primary key,
  url text not null,
  -- '' is any
  schema_name text not null default '',
  table_name text not null default '',
  -- of I, U, D, T, M; null is all of them
  event_types text[],
  secret text not null,
  -- signs beside the new one for a while
  previous_secret text,
  previous_secret_until timestamptz,
  created_at timestamptz not null default now(),
  disabled_at timestamptz,
  disabled_reason text,
  unique (url, schema_name, table_name)
);

comment on table pgstream.webhook_subscriptions is
  'Who is told of which changes by POST. Holds the secrets by which the receivers know that we are us.';

create function pgstream.tell_webhook_subscriptions_changed() returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_notify('pgstream_webhook_subscriptions', '');
  return null;
end
$$;

create trigger tell_webhook_subscriptions_changed
  after insert or update or delete or truncate on pgstream.webhook_subscriptions
  for each statement execute function pgstream.tell_webhook_subscriptions_changed();

revoke execute on all functions in schema pgstream from public;
