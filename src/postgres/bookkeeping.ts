import type pg from 'pg'
import { PgstreamError } from '../errors.ts'

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

interface SchemaRow {
  owner: string
  tables: string[]
  trusted: boolean
}

/**
 * Whether the schema `pgstream` is there and ours; false when there is nothing.
 * @throws {PgstreamError} PGSTREAM_INIT_INCOMPLETE for a schema that is not ours: its functions must not be called by a
 * superuser, nor may it be dropped.
 */
export async function hasOurSchema(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<SchemaRow>(
    `select o.rolname as owner,
            array(select c.relname::text from pg_class c where c.relnamespace = n.oid)
              || array(select p.proname::text from pg_proc p where p.pronamespace = n.oid) as tables,
            o.rolsuper or o.rolname = current_user
              or (not me.rolsuper and pg_has_role(current_user, o.oid, 'usage')) as trusted
       from pg_namespace n
       join pg_roles o on o.oid = n.nspowner
       join pg_roles me on me.rolname = current_user
      where n.nspname = 'pgstream'`,
  )
  const [schema] = rows
  if (schema === undefined || schema.tables.length === 0) return false
  if (schema.trusted && schema.tables.includes('migrations')) return true
  if (schema.tables.includes('schema_migrations') || schema.tables.includes('table_ids')) {
    throw new PgstreamError(
      'PGSTREAM_INIT_INCOMPLETE',
      'The schema pgstream of this database was made by the Go version of pgstream.',
      {
        remedy:
          'Stop that version and let it remove its schema and its slot (its own command: pgstream tear-down), then run it again.',
      },
    )
  }
  throw new PgstreamError(
    'PGSTREAM_INIT_INCOMPLETE',
    `The schema pgstream of this database belongs to ${schema.owner} and holds something else.`,
    { remedy: `Rename or drop that schema; if it is of pgstream, run it as ${schema.owner}.` },
  )
}

/** Names of the slots that `init` made or was about to make in this database. */
export async function recordedSlots(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('select name from pgstream.slots order by created_at')
  return rows.map(({ name }) => name)
}
