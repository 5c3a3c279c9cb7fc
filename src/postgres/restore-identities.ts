import type pg from 'pg'
import { alterEach, describeLeft } from './replica-identities.ts'
import type { Step } from './step.ts'
import { listInWords, waitUntilFree } from './waiting.ts'
import type { Patience } from './waiting.ts'

interface ChangedTable {
  readonly oid: number
  readonly name: string
  /** Still as we left it: nobody chose another identity since. */
  readonly untouched: boolean
}

const remedy =
  'End the transactions that it names (commit, or select pg_terminate_backend(pid)), then run it again.'

/** Tables that got a usable key since their identity was set to full do not need that any more. */
export async function restoreUsableIdentities(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<ChangedTable>(
    `${changedTables} and r.previous = 'd' and c.relreplident = 'f' and exists (
       select from pg_index i
        where i.indrelid = c.oid and i.indisprimary and i.indisvalid and i.indimmediate)`,
  )
  const { mended } = await alterEach(client, rows, 'pgstream.restore_replica_identity')
  return [...mended]
}

/** Gives every table back the identity that it had; one that its user changed since keeps what it has. */
export async function restoreAllIdentities(client: pg.ClientBase, patience: Patience): Promise<void> {
  const step = 'replica identities'
  const remembered = await client.query("select where to_regclass('pgstream.replica_identities') is not null")
  const { rows } = remembered.rowCount ? await client.query<ChangedTable>(changedTables) : { rows: [] }
  const kept = rows.filter(({ untouched }) => !untouched).map(({ name }) => name)
  let left = rows.filter(({ untouched }) => untouched)
  const restored: string[] = []
  await waitUntilFree(
    {
      step,
      look: async () => {
        const pass = await alterEach(client, left, 'pgstream.restore_replica_identity')
        restored.push(...pass.mended)
        left = left.filter(({ name }) => pass.left.some(({ table }) => table === name))
        return left.length === 0 ? null : describeLeft(pass.left)
      },
      remedy,
    },
    patience,
  )
  const done: Step = { step, state: 'done', detail: `restored for ${listInWords(restored, 20)}` }
  patience.report(restored.length > 0 ? done : { step, state: 'already', detail: 'there is none to restore' })
  if (kept.length === 0) return
  const detail = `${listInWords(kept, 20)} got another replica identity since init; it stays as it is`
  patience.report({ step, state: 'warning', detail })
}

const changedTables = `select c.oid, c.oid::regclass::text as name, c.relreplident = 'f' as untouched
   from pgstream.replica_identities r join pg_class c on c.oid = r.table_oid where true`
