import type pg from 'pg'

/**
 * What `init` remembers of itself, made before the first migration. `settled_at`: no transaction is left that began before
 * the migration and may have slipped past its triggers. `tables_logged_at`: the slot has the entries of all tables
 * behind it.
 */
export const bookkeepingSql = `create schema if not exists pgstream;
create table if not exists pgstream.migrations (
  version integer primary key,
  name text not null,
  applied_at timestamptz not null default now(),
  settled_at timestamptz
);
create table if not exists pgstream.slots (
  name text primary key,
  created_at timestamptz not null default now(),
  tables_logged_at timestamptz
);`

/** Whose schema `pgstream` is: the Go program of the same name uses the same one. */
export async function schemaOwner(client: pg.ClientBase): Promise<'nobody' | 'us' | 'the Go version'> {
  const { rows } = await client.query<{ ours: boolean; foreign: boolean }>(
    `select to_regclass('pgstream.migrations') is not null as ours,
            coalesce(to_regclass('pgstream.schema_migrations'), to_regclass('pgstream.table_ids')) is not null as foreign`,
  )
  if (rows[0]?.ours) return 'us'
  return rows[0]?.foreign ? 'the Go version' : 'nobody'
}

/** Names of the slots that `init` made or was about to make in this database. */
export async function recordedSlots(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('select name from pgstream.slots order by created_at')
  return rows.map(({ name }) => name)
}
