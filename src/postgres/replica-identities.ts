import type pg from 'pg'
import { PgstreamError } from '../errors.ts'
import { fromPostgres, sqlState } from './postgres-error.ts'
import { describeLockHolders } from './sessions.ts'
import { listInWords, waitUntilFree } from './waiting.ts'
import type { Patience } from './waiting.ts'

/** What one pass over the tables achieved. */
export interface MendedIdentities {
  readonly mended: readonly string[]
  readonly left: readonly LeftTable[]
}

export interface LeftTable {
  readonly table: string
  /** `is in use by pid 7 (…)`, or what is wrong with it. */
  readonly because: string
  /** Only a key can help: Postgres does not allow this table REPLICA IDENTITY FULL. */
  readonly needsKey: boolean
}

interface Table {
  readonly oid: number
  /** Quoted where needed, with its schema. */
  readonly name: string
}

interface Pass {
  readonly changed: readonly Table[]
  readonly unchanged: readonly Table[]
  readonly inUse: readonly LeftTable[]
}

/**
 * Whoever wants a table's strongest lock lets everybody behind it wait, so we never stand in the queue for long and
 * rather come again.
 */
const lockTimeoutMs = 100

/**
 * Sets REPLICA IDENTITY FULL until no table is left without an identity; returns the tables that it changed.
 * @throws {PgstreamError} at once for a table that needs a key, and when the patience ends.
 */
export async function setReplicaIdentities(client: pg.ClientBase, patience: Patience): Promise<string[]> {
  const changed: string[] = []
  const look = async (): Promise<string | null> => {
    const { mended, left } = await mendReplicaIdentities(client)
    changed.push(...mended)
    const keyless = left.filter(({ needsKey }) => needsKey)
    if (keyless.length > 0) {
      const sentence = `Users could not update tables without a replica identity: ${describeLeft(keyless)}.`
      throw new PgstreamError(patience.code, sentence, {
        remedy:
          'Give each a primary key, or make its virtual generated column a stored one; then run it again.',
      })
    }
    return left.length === 0 ? null : describeLeft(left)
  }
  const remedy =
    'End the transactions that it names (commit, or select pg_terminate_backend(pid)), then run it again.'
  await waitUntilFree({ step: 'replica identities', look, remedy }, patience)
  return changed
}

/**
 * One pass: gives every table without an identity REPLICA IDENTITY FULL, each in a transaction of its own, and leaves
 * those that somebody else is using. Nobody waits for it longer than a moment.
 * @throws {PgstreamError} PGSTREAM_NO_RIGHT when this user may not alter a table.
 */
export async function mendReplicaIdentities(client: pg.ClientBase): Promise<MendedIdentities> {
  const tables = await tablesWithoutIdentity(client)
  const { changed, unchanged, inUse } = await alterEach(client, tables, 'pgstream.set_replica_identity_full')
  // a table that did not change is gone, or mended by somebody else, or cannot be mended
  const remaining = unchanged.length > 0 ? await tablesWithoutIdentity(client) : []
  const needKey = remaining
    .filter(({ oid }) => unchanged.some((table) => table.oid === oid))
    .map(({ name, reason }) => ({
      table: name,
      because: `can have none: ${reason}, and its virtual generated column rules out FULL`,
      needsKey: true,
    }))
  return { mended: changed.map(({ name }) => name), left: [...inUse, ...needKey] }
}

/** Calls the function for each table; it returns whether it changed anything. */
export async function alterEach(
  client: pg.ClientBase,
  tables: readonly Table[],
  sqlFunction: 'pgstream.set_replica_identity_full' | 'pgstream.restore_replica_identity',
): Promise<Pass> {
  const changed: Table[] = []
  const unchanged: Table[] = []
  const inUse: LeftTable[] = []
  for (const table of tables) {
    await client.query(`begin; set local lock_timeout = ${lockTimeoutMs}`)
    try {
      const { rows } = await client.query<{ done: boolean }>(`select ${sqlFunction}($1) as done`, [table.oid])
      await client.query('commit')
      ;(rows[0]?.done ? changed : unchanged).push(table)
    } catch (cause) {
      await client.query('rollback')
      if (!isRace(cause)) throw fromPostgres(cause, `changing the replica identity of ${table.name}`)
      const holders = listInWords(await describeLockHolders(client, [table.oid]))
      const because = holders ? `is in use by ${holders}` : 'was in use a moment ago'
      inUse.push({ table: table.name, because, needsKey: false })
    }
  }
  return { changed, unchanged, inUse }
}

/** `shop.carts is in use by pid 7 (…)`. */
export function describeLeft(left: readonly LeftTable[]): string {
  return listInWords(left.map(({ table, because }) => `${table} ${because}`))
}

/** Somebody was quicker, or has what we want: it may work, or have become needless, the next time. */
export function isRace(error: unknown): boolean {
  const state = sqlState(error) ?? ''
  const lockTimeoutDeadlockOrRename = ['55P03', '40P01', '40001'].includes(state)
  const droppedMeanwhile = ['42P01', '3F000', '42704', '22004'].includes(state)
  return lockTimeoutDeadlockOrRename || droppedMeanwhile || (state === 'XX000' && isCatalogRace(error))
}

/** `tuple concurrently updated` and `could not open relation`, by the functions that say so in every language. */
function isCatalogRace(error: unknown): boolean {
  const routine = error instanceof Error && 'routine' in error ? String(error.routine) : ''
  return /^(simple_heap_(update|delete)|(try_)?relation_open.*|RelationIdGetRelation)$/.test(routine)
}

async function tablesWithoutIdentity(client: pg.ClientBase): Promise<(Table & { reason: string })[]> {
  const sql = `select table_oid as oid, format('%I.%I', schema_name, table_name) as name, reason
                 from pgstream.tables_without_identity()`
  try {
    return (await client.query<Table & { reason: string }>(sql)).rows
  } catch (cause) {
    throw fromPostgres(cause, 'looking for tables without a replica identity')
  }
}
