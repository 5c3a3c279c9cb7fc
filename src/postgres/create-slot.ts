import type pg from 'pg'
import { fromPostgres, sqlState } from './postgres-error.ts'
import { describePrepared, describeSessions } from './sessions.ts'
import { findSlot, slotProblem } from './slot.ts'
import { listInWords, waitUntilFree } from './waiting.ts'
import type { Patience } from './waiting.ts'

export interface WantedSlot {
  readonly name: string
  readonly database: string
  readonly plugin: string
}

const step = 'slot'
const remedy =
  'End the transactions that it names (commit, or select pg_terminate_backend(pid); rollback prepared), then run it again.'

/**
 * Creates the slot, or finds it. Postgres waits for every transaction of the whole server that has written something;
 * `watcher`, a second connection, tells for whom, and cancels the creation when the patience ends.
 */
export async function createSlot(
  client: pg.ClientBase,
  watcher: pg.ClientBase,
  wanted: WantedSlot,
  patience: Patience,
): Promise<'done' | 'already'> {
  for (;;) {
    const slot = await findSlot(client, wanted.name)
    const problem = slot && slotProblem(slot, wanted.database, wanted.plugin)
    if (problem) throw problem
    if (slot?.ready) return 'already'
    if (slot) await othersCreation(watcher, wanted.name, patience)
    else if (await ownCreation(client, watcher, wanted, patience)) return 'done'
  }
}

/** False when somebody else was quicker. */
async function ownCreation(
  client: pg.ClientBase,
  watcher: pg.ClientBase,
  { name, plugin }: WantedSlot,
  patience: Patience,
): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const pid = rows[0]?.pid ?? 0
  let running = true
  const creation = client
    .query('select from pg_create_logical_replication_slot($1, $2)', [name, plugin])
    .then(() => true)
    .catch((cause: unknown) => {
      if (sqlState(cause) === '42710') return false
      throw fromPostgres(cause, `the creation of the replication slot ${name}`)
    })
    .finally(() => {
      running = false
    })
  const over = creation.catch(() => undefined)
  const look = async (): Promise<string | null> => (running ? describeCreation(watcher, name, pid) : null)
  try {
    await waitUntilFree({ step, look, remedy, woken: over }, patience)
  } catch (error) {
    await watcher.query('select pg_cancel_backend($1)', [pid]).catch(() => undefined)
    if ((await creation.catch(() => false)) === true) return true
    throw error
  }
  return creation
}

/** A creation that was cut on the client's side goes on in the server until it notices. */
async function othersCreation(watcher: pg.ClientBase, name: string, patience: Patience): Promise<void> {
  const look = async (): Promise<string | null> => {
    const slot = await findSlot(watcher, name)
    return slot && !slot.ready ? describeCreation(watcher, name, slot.activePid ?? 0) : null
  }
  await waitUntilFree({ step, look, remedy }, patience)
}

async function describeCreation(watcher: pg.ClientBase, name: string, pid: number): Promise<string> {
  const { rows } = await watcher.query<{ pids: number[] }>('select pg_blocking_pids($1) as pids', [pid])
  const pids = rows[0]?.pids ?? []
  const blockers = [...(await describeSessions(watcher, pids)).values()]
  if (pids.includes(0)) blockers.push(...(await describePrepared(watcher)).values())
  const whom = blockers.length > 0 ? `for ${listInWords(blockers)}` : 'until running transactions have ended'
  return `Postgres creates the replication slot ${name} (pid ${pid}) and waits ${whom}`
}
