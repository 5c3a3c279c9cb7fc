import type pg from 'pg'
import { isSent } from './keyless-tables.ts'
import { alterEach, describeLeft } from './replica-identities.ts'
import { listInWords, waitUntilFree } from './waiting.ts'
import type { Patience } from './waiting.ts'

interface ChangedTable {
  readonly oid: number
  readonly name: string
  /** Still as we left it: nobody chose another identity since. */
  readonly untouched: boolean
  /** Got a primary key since, and had the default identity, which uses it. */
  readonly usable: boolean
}

/** Tables that got a usable key since their identity was set to full do not need that any more. */
export async function restoreUsableIdentities(client: pg.ClientBase): Promise<string[]> {
  const tables = (await changedTables(client)).filter(({ untouched, usable }) => untouched && usable)
  const { changed } = await alterEach(client, tables, 'pgstream.restore_replica_identity')
  return changed.map(({ name }) => name)
}

/** Gives every table back the identity that it had; one that its user changed since keeps what it has. */
export async function restoreAllIdentities(client: pg.ClientBase, patience: Patience): Promise<void> {
  const step = 'replica identities'
  const tables = (await hasChangedTables(client)) ? await changedTables(client) : []
  const restored: string[] = []
  let left = tables.filter(({ untouched }) => untouched)
  const look = async (): Promise<string | null> => {
    const { changed, inUse } = await alterEach(client, left, 'pgstream.restore_replica_identity')
    restored.push(...changed.map(({ name }) => name))
    left = left.filter(({ name }) => inUse.some(({ table }) => table === name))
    return inUse.length === 0 ? null : describeLeft(inUse)
  }
  const remedy =
    'End the transactions that it names (commit, or select pg_terminate_backend(pid)), then run it again.'
  await waitUntilFree({ step, look, remedy }, patience)
  if (restored.length > 0) {
    patience.report({ step, state: 'done', detail: `restored for ${listInWords(restored, 20)}` })
  } else {
    patience.report({ step, state: 'already', detail: 'there is none to restore' })
  }
  const kept = tables.filter(({ untouched }) => !untouched).map(({ name }) => name)
  if (kept.length === 0) return
  const detail = `${listInWords(kept, 20)}: got another replica identity since init, and keeps it`
  patience.report({ step, state: 'warning', detail })
}

async function hasChangedTables(client: pg.ClientBase): Promise<boolean> {
  const { rowCount } = await client.query(
    "select where to_regclass('pgstream.replica_identities') is not null",
  )
  return rowCount === 1
}

/** By the newest change of each table that is still there. */
async function changedTables(client: pg.ClientBase): Promise<ChangedTable[]> {
  const { rows } = await client.query<ChangedTable>(
    `select distinct on (c.oid) c.oid, c.oid::regclass::text as name, c.relreplident = r.given as untouched,
            r.previous = 'd' and exists (
              select from pg_index i
               where i.indrelid = c.oid and i.indisprimary and i.indisvalid and i.indimmediate and ${isSent('i')}) as usable
       from pgstream.replica_identities r
       join pg_class c on c.oid = r.table_oid and pgstream.table_id(c.oid) = r.table_id
      order by c.oid, r.id desc`,
  )
  return rows
}
