import assert from 'node:assert/strict'
import { publicationName } from '../../src/postgres/publication.ts'
import { defaultSlotName } from '../../src/postgres/slot-name.ts'
import type { TemporaryDatabase } from './postgres.ts'

/** Everything in the catalogs that `init` may change: equal before `init` and after `tear-down`. */
export async function traces(database: TemporaryDatabase): Promise<object> {
  const [row] = await database.query<{ traces: object }>(
    `select jsonb_build_object(
       'identities', (select jsonb_object_agg(oid::regclass, relreplident) from pg_class
                       where relkind in ('r', 'p') and relnamespace <> 'pg_catalog'::regnamespace
                         and relnamespace <> 'information_schema'::regnamespace),
       'schemas', (select jsonb_agg(nspname order by nspname) from pg_namespace where nspname !~ '^pg_(toast_)?temp'),
       'functions', (select count(*) from pg_proc),
       'event triggers', (select jsonb_agg(evtname) from pg_event_trigger),
       'publications', (select jsonb_agg(pubname) from pg_publication),
       'slots', (select jsonb_agg(slot_name) from pg_replication_slots where database = current_database())
     ) as traces`,
  )
  assert.ok(row)
  return row.traces
}

/** Slot and publication fit each other, every table has an identity, and the slot's entries of all tables are there. */
export async function assertPrepared(
  database: TemporaryDatabase,
  slot = defaultSlotName(database.name),
): Promise<void> {
  const [state] = await database.query<{ identities: number; triggers: number; logged: boolean }>(
    `select (select count(*)::int from pgstream.tables_without_identity()) as identities,
            (select count(*)::int from pg_event_trigger where evtname like 'pgstream%' and evtenabled = 'A') as triggers,
            (select tables_logged_at is not null from pgstream.slots where name = $1) as logged`,
    [slot],
  )
  assert.ok(state)
  assert.equal(state.identities, 0)
  assert.ok(state.triggers > 0)
  assert.equal(state.logged, true)
  const [decoded] = await database.query<{ messages: number }>(
    `select count(*)::int as messages
       from pg_logical_slot_peek_binary_changes($1, null, null, 'proto_version', '1', 'publication_names', $2)`,
    [slot, publicationName],
  )
  assert.ok(decoded && decoded.messages > 0, 'the slot decodes the entries of the tables')
}
