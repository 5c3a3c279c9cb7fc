import { identifier } from '../values/quoting.ts'
import type { Column, Index, Table } from './model.ts'
import { keyOf, nameOf, needsKey } from './model.ts'
import { indexColumns } from './new-columns.ts'
import type { StepMaker } from './scene.ts'

const isPlain = (table: Table): boolean => !table.partitioned && table.parent === null

/** What a partition had from its parent, under a name that Postgres chose. */
const isNamed = ({ name }: Index): boolean => name !== ''

const unused = (table: Table): Column[] =>
  table.columns.filter(({ distinct, notNull, filled }) => distinct && notNull && filled === 'user')

const addKey: StepMaker = (scene) => {
  const { random } = scene
  const hasKey = (table: Table): boolean =>
    table.indexes.some(({ kind }) => kind === 'primary' || kind === 'deferrable')
  const table = scene.chooseTable(
    'exclusive',
    (each) => isPlain(each) && !hasKey(each) && unused(each).length > 0,
  )
  if (!table) return false
  const deferrable = random.chance(scene.keyed ? 0 : 0.2)
  const index: Index = {
    name: `k${scene.nextNumber()}`,
    columns: random.some(unused(table), random.between(1, 2)),
    kind: deferrable ? 'deferrable' : 'primary',
  }
  scene.ddl(
    `alter table ${nameOf(table)} add constraint ${index.name} primary key (${indexColumns(index)})${deferrable ? ' deferrable' : ''}`,
  )
  scene.add(table.indexes, index)
  return true
}

const dropKey: StepMaker = (scene) => {
  if (scene.keyed && scene.random.chance(0.7)) return false
  const isKey = (index: Index): boolean =>
    isNamed(index) && (index.kind === 'primary' || index.kind === 'deferrable')
  const table = scene.chooseTable(
    'exclusive',
    (each) => each.parent === null && each.indexes.some(isKey) && !needsKey(each),
  )
  const key = table?.indexes.find(isKey)
  if (!table || !key) return false
  scene.ddl(`alter table ${nameOf(table)} drop constraint ${identifier(key.name)} cascade`)
  scene.remove(table.indexes, key)
  return true
}

const createIndex: StepMaker = (scene) => {
  const { random } = scene
  const indexable = ({ type, filled, distinct }: Column): boolean =>
    filled === 'user' && (distinct || type.key !== undefined)
  const table = scene.chooseTable('index', (each) => isPlain(each) && each.columns.some(indexable))
  if (!table) return false
  const distinct = table.columns.filter((column) => column.distinct)
  const unique = distinct.length > 0 && random.chance(0.6)
  const columns = random.some(unique ? distinct : table.columns.filter(indexable), random.between(1, 2))
  const name = `i${scene.nextNumber()}`
  const partial = random.chance(0.2) ? ` where ${identifier(columns[0]!.name)} is not null` : ''
  const order = random.chance(0.2) ? ' desc' : ''
  const create = unique ? 'create unique index' : 'create index'
  const on = `${name} on ${nameOf(table)} (${indexColumns({ columns })}${order})${partial}`
  if (scene.isQuiet && random.chance(0.3)) scene.run(`${create} concurrently ${on}`)
  else scene.ddl(`${create} ${on}`)
  scene.add(table.indexes, { name, columns, kind: unique && partial === '' ? 'unique' : 'other' })
  return true
}

const dropIndex: StepMaker = (scene) => {
  const droppable = (index: Index): boolean =>
    isNamed(index) && (index.kind === 'unique' || index.kind === 'other')
  const table = scene.chooseTable('exclusive', (each) => isPlain(each) && each.indexes.some(droppable))
  if (!table) return false
  const index = scene.random.pick(table.indexes.filter(droppable))
  const name = `${identifier(table.schema.name)}.${identifier(index.name)}`
  if (scene.isQuiet && scene.random.chance(0.3)) scene.run(`drop index concurrently ${name}`)
  else scene.ddl(`drop index ${name}`)
  scene.remove(table.indexes, index)
  return true
}

const renameIndex: StepMaker = (scene) => {
  const table = scene.chooseTable('exclusive', (each) => isPlain(each) && each.indexes.some(isNamed))
  if (!table) return false
  const index = scene.random.pick(table.indexes.filter(isNamed))
  const name = `i${scene.nextNumber()}`
  scene.ddl(`alter index ${identifier(table.schema.name)}.${identifier(index.name)} rename to ${name}`)
  scene.set(index, 'name', name)
  return true
}

const replicaIdentity: StepMaker = (scene) => {
  const { random } = scene
  const table = scene.chooseTable('exclusive', (each) => !each.partitioned && !needsKey(each))
  if (!table) return false
  const usable = isPlain(table)
    ? table.indexes.filter(
        (index) =>
          isNamed(index) &&
          (index.kind === 'unique' || index.kind === 'primary') &&
          index.columns.every(({ notNull }) => notNull),
      )
    : []
  const identity = random.weighted([
    [3, 'full'],
    [2, 'default'],
    [2, 'nothing'],
    ...usable.map(({ name }) => [3, `using index ${identifier(name)}`] as const),
  ])
  scene.ddl(`alter table ${nameOf(table)} replica identity ${identity}`)
  return true
}

/** New files for the same rows: nothing of it is an event. */
const rewrite: StepMaker = (scene) => {
  const table = scene.chooseTable('exclusive', (each) => !each.partitioned)
  if (!table) return false
  const key = keyOf(table)
  if (!scene.transaction.open && scene.random.chance(0.6)) scene.run(`vacuum full ${nameOf(table)}`)
  else if (key && isPlain(table) && isNamed(key))
    scene.run(`cluster ${nameOf(table)} using ${identifier(key.name)}`)
  else scene.run(`reindex table ${nameOf(table)}`)
  return true
}

/** Other indexes, with the names and the tables of the old ones. */
const replaceIndexes: StepMaker = (scene) => {
  const { random, world } = scene
  const table = scene.isQuiet ? scene.chooseTable('exclusive') : null
  if (!table) return false
  const index = random.some(table.indexes.filter(isNamed), 1)[0]
  const schema = identifier(table.schema.name)
  scene.run(
    random.weighted([
      [2, `reindex table concurrently ${nameOf(table)}`],
      [index ? 2 : 0, `reindex index concurrently ${schema}.${identifier(index?.name ?? '')}`],
      [world.tables.length < 5 ? 1 : 0, `reindex schema concurrently ${schema}`],
    ]),
  )
  return true
}

export const keySteps: readonly (readonly [weight: number, maker: StepMaker])[] = [
  [4, addKey],
  [3, dropKey],
  [5, createIndex],
  [2, dropIndex],
  [1, renameIndex],
  [5, replicaIdentity],
  [1, rewrite],
  [1, replaceIndexes],
]
