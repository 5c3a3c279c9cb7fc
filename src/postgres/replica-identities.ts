import type pg from 'pg'
import { fromPostgres, sqlState } from './postgres-error.ts'
import { describeLockHolders } from './sessions.ts'
import { listInWords, waitUntilFree } from './waiting.ts'
import type { Patience } from './waiting.ts'

/** A table whose updates and deletes Postgres would refuse once it is published. */
export interface TableWithoutIdentity {
  readonly oid: number
  /** Quoted where needed, with its schema. */
  readonly name: string
  readonly reason: string
}

/** What one pass over the tables achieved. */
export interface MendedIdentities {
  readonly mended: readonly string[]
  /** With who was in the way, or why else it failed. */
  readonly left: readonly { readonly table: string; readonly because: string }[]
}

const step = 'replica identities'

/**
 * Whoever wants a table's strongest lock lets everybody behind it wait, so we never stand in the queue for long and
 * rather come again.
 */
const lockTimeoutMs = 100

/** Sets REPLICA IDENTITY FULL until no table is left without an identity; returns the tables that it changed. */
export async function setReplicaIdentities(client: pg.ClientBase, patience: Patience): Promise<string[]> {
  const changed: string[] = []
  await waitUntilFree(
    {
      step,
      look: async () => {
        const { mended, left } = await mendReplicaIdentities(client)
        changed.push(...mended)
        return left.length === 0 ? null : describeLeft(left)
      },
      remedy:
        'End the transactions that it names (commit, or select pg_terminate_backend(pid)), then run it again.',
    },
    patience,
  )
  return changed
}

/**
 * One pass: gives every table without an identity REPLICA IDENTITY FULL, each in a transaction of its own, and leaves
 * those that somebody else is using. Nobody waits for it longer than a moment.
 * @throws {PgstreamError} PGSTREAM_NO_RIGHT when this user may not alter a table.
 */
export async function mendReplicaIdentities(client: pg.ClientBase): Promise<MendedIdentities> {
  const { rows } = await client.query<TableWithoutIdentity>(
    `select table_oid as oid, format('%I.%I', schema_name, table_name) as name, reason
       from pgstream.tables_without_identity()`,
  )
  return alterEach(client, rows, 'pgstream.set_replica_identity_full')
}

/** Calls the function for each table; it returns whether it changed anything. */
export async function alterEach(
  client: pg.ClientBase,
  tables: readonly { readonly oid: number; readonly name: string }[],
  sqlFunction: 'pgstream.set_replica_identity_full' | 'pgstream.restore_replica_identity',
): Promise<MendedIdentities> {
  const mended: string[] = []
  const left: { table: string; because: string }[] = []
  for (const { oid, name } of tables) {
    await client.query(`begin; set local lock_timeout = ${lockTimeoutMs}`)
    try {
      const { rows } = await client.query<{ changed: boolean }>(`select ${sqlFunction}($1) as changed`, [oid])
      await client.query('commit')
      if (rows[0]?.changed) mended.push(name)
    } catch (cause) {
      await client.query('rollback')
      if (!isContention(cause)) throw fromPostgres(cause, `changing the replica identity of ${name}`)
      const holders = await describeLockHolders(client, [oid])
      left.push({
        table: name,
        because: holders.length > 0 ? listInWords(holders) : 'somebody who is gone now',
      })
    }
  }
  return { mended, left }
}

/** `shop.carts (held by pid 7 (…))`. */
export function describeLeft(left: MendedIdentities['left']): string {
  return `${listInWords(left.map(({ table, because }) => `${table} is in use by ${because}`))}`
}

/** lock_not_available or deadlock_detected: it may work the next time. */
export function isContention(error: unknown): boolean {
  return ['55P03', '40P01'].includes(sqlState(error) ?? '')
}
