import type pg from 'pg'
import { openSession } from '../session.ts'
import type { Random } from '../workload/random.ts'
import type { Journal } from './journal.ts'
import { OpenTransaction } from './open-transaction.ts'
import type { World } from './open-transaction.ts'
import { transactionKinds } from './transaction-kinds.ts'

/** Share of transactions that end in a rollback. */
const rolledBack = 0.12

/**
 * One session that makes transaction after transaction, as long as `mayGoOn` says so, and writes into the journal what
 * became of them.
 */
export async function write(
  url: string,
  writer: number,
  random: Random,
  journal: Journal,
  mayGoOn: () => Promise<boolean>,
): Promise<void> {
  await using session = await openSession(url, `writer ${writer}`)
  let world: World = { writer, tables: [], sharedIds: [], counters: { ids: 1, names: 0 } }
  while (await mayGoOn()) world = await makeTransaction(session.client, world, random, journal)
}

async function makeTransaction(
  client: pg.Client,
  world: World,
  random: Random,
  journal: Journal,
): Promise<World> {
  const transaction = new OpenTransaction(client, world)
  await client.query('begin')
  await random.weighted(transactionKinds)(transaction, random)
  const { rows } = await client.query<{ xid: string }>('select pg_current_xact_id()::text as xid')
  const { xid } = rows[0]!
  if (random.chance(rolledBack)) {
    await client.query('rollback')
    journal.rollBack(xid)
    return world
  }
  await client.query('commit')
  journal.commit(xid, transaction.changes)
  return transaction.world
}
