import type { Random } from '../workload/random.ts'
import { largeBody } from './open-transaction.ts'
import type { OpenTransaction, OwnTable } from './open-transaction.ts'

type Kind = (transaction: OpenTransaction, random: Random) => Promise<void>

const newestIds = (ids: readonly number[], random: Random): number[] =>
  ids.slice(-random.between(1, Math.min(20, ids.length)))

async function someTable(transaction: OpenTransaction, random: Random): Promise<OwnTable> {
  const { tables } = transaction.world
  return tables.length === 0 ? transaction.create() : random.pick(tables)
}

const singleRow: Kind = (transaction) => transaction.insertShared(1, 64)
const batch: Kind = (transaction, random) => transaction.insertShared(random.between(2, 60), 64)
const longBatch: Kind = (transaction, random) => transaction.insertShared(random.between(600, 2_000), 100)

/** Many small commits lie closely behind a large row's place in the WAL, which is short, being compressed. */
const largeRows: Kind = (transaction, random) => transaction.insertShared(random.between(1, 12), largeBody)

/** Statement by statement, so that others commit in between. */
const slowly: Kind = async (transaction, random) => {
  for (let left = random.between(3, 12); left > 0; left--) {
    await transaction.insertShared(random.between(1, 4), random.chance(0.1) ? largeBody : 64)
  }
}

const withSavepoints: Kind = async (transaction, random) => {
  await transaction.insertShared(random.between(1, 5), 64)
  await transaction.undone(() => transaction.insertShared(random.between(1, 50), 64))
  await transaction.run('savepoint kept')
  await transaction.insertShared(random.between(1, 5), 64)
  await transaction.undone(async () => {
    const table = await transaction.create()
    await transaction.insert(table, 3, 64)
  })
  await transaction.insertShared(1, 64)
}

const changeRows: Kind = async (transaction, random) => {
  const { sharedIds } = transaction.world
  if (sharedIds.length > 0) await transaction.updateShared(newestIds(sharedIds, random))
  const table = await someTable(transaction, random)
  await transaction.insert(table, random.between(1, 20), 64)
  await transaction.update(table, newestIds(table.ids, random))
  if (random.chance(0.5)) await transaction.remove(table, newestIds(table.ids, random))
  if (random.chance(0.1)) await transaction.truncate(table)
}

/** A row that was lost behind a message is a fault that others had. */
const withMessage: Kind = async (transaction) => {
  await transaction.message(transaction.freshName('message'))
  await transaction.insertShared(1, 64)
}

const makeTable: Kind = async (transaction, random) => {
  const table = await transaction.create()
  await transaction.insert(table, random.between(1, 30), 64)
}

const changeColumns: Kind = async (transaction, random) => {
  const table = await someTable(transaction, random)
  const column = transaction.freshName('c')
  await transaction.insert(table, 1, 64)
  if (table.extra.length > 3) {
    await transaction.run(`alter table ${table.name} drop column ${table.extra.shift()!}`)
  } else if (table.extra.length > 0 && random.chance(0.5)) {
    await transaction.run(`alter table ${table.name} rename column ${table.extra.shift()!} to ${column}`)
    table.extra.push(column)
  } else {
    await transaction.run(`alter table ${table.name} add column ${column} int`)
    table.extra.push(column)
  }
  await transaction.insert(table, random.between(1, 10), 64)
}

const renameTable: Kind = async (transaction, random) => {
  const table = await someTable(transaction, random)
  const name = transaction.freshName('t')
  await transaction.run(`alter table ${table.name} rename to ${name}`)
  table.name = name
  await transaction.insert(table, random.between(1, 10), 64)
}

const dropTable: Kind = async (transaction, random) => {
  const table = await someTable(transaction, random)
  await transaction.drop(table)
  if (!random.chance(0.5)) return
  const another = await transaction.create(table.name)
  await transaction.insert(another, random.between(1, 10), 64)
}

/** What writers do, and how often. */
export const transactionKinds: readonly (readonly [weight: number, kind: Kind])[] = [
  [12, singleRow],
  [6, batch],
  [1.5, longBatch],
  [3, largeRows],
  [3, slowly],
  [3, withSavepoints],
  [4, changeRows],
  [1, withMessage],
  [1, makeTable],
  [1, changeColumns],
  [0.7, renameTable],
  [0.7, dropTable],
]
