import { identifier, literal } from '../values/quoting.ts'
import type { Column, Table } from './model.ts'
import { isIndexed, nameOf } from './model.ts'
import { isPicked, picked, textFor } from './row-values.ts'
import type { Scene, StepMaker } from './scene.ts'

const updated = (table: Table, moves = false): { rows: 'update' | 'unknown' } => ({
  rows: table.linked || moves ? 'unknown' : 'update',
})

const isText = (column: Column): boolean => ['text', 'character varying'].includes(column.type.sql)

function assignment(scene: Scene, table: Table, column: Column): string {
  const name = identifier(column.name)
  const { random } = scene
  if (random.chance(0.1)) return `${name} = x.${name}`
  if (isText(column) && random.chance(0.3)) return `${name} = x.${name} || 'é'`
  if (column.hasDefault && random.chance(0.2)) return `${name} = default`
  return `${name} = ${literal(textFor(scene, table, column))}`
}

const update: StepMaker = (scene) => {
  const { random } = scene
  const settable = (table: Table): Column[] =>
    table.columns.filter(({ distinct, filled }) => filled === 'user' && !distinct)
  const table = scene.chooseTable('rows', (each) => settable(each).length > 0)
  if (!table) return false
  const columns = random.some(
    settable(table),
    random.weighted([
      [5, 1],
      [3, 2],
      [1, 9],
    ]),
  )
  const set = columns.map((column) => assignment(scene, table, column)).join(', ')
  // an index may not take the value
  const mayFail = columns.some((column) => isIndexed(table, column))
  if (random.chance(0.1) && scene.lock(table.group, 'exclusive')) {
    scene.run(`update ${nameOf(table)} as x set ${set}`, { ...updated(table), mayFail })
  } else {
    scene.run(
      `${picked(scene, table, random.between(1, 4))} update ${nameOf(table)} as x set ${set} from picked where ${isPicked}`,
      { ...updated(table), mayFail },
    )
  }
  return true
}

/** By a new key, one that differs in print only, or that of an other partition. */
const changeKey: StepMaker = (scene) => {
  const { random } = scene
  const suits = (column: Column): boolean => column.distinct && column.filled === 'user'
  const table = scene.chooseTable('rows', (each) => each.columns.some(suits))
  if (!table) return false
  const column = random.pick(table.columns.filter(suits))
  const name = identifier(column.name)
  const { sameKey } = column.type
  const [value, limit] =
    sameKey && random.chance(0.5) ? [sameKey(`x.${name}`), 5] : [literal(textFor(scene, table, column)), 1]
  scene.run(
    `${picked(scene, table, limit)} update ${nameOf(table)} as x set ${name} = ${value} from picked where ${isPicked}`,
    { ...updated(table), mayFail: true },
  )
  return true
}

const moveRows: StepMaker = (scene) => {
  const table = scene.chooseTable('rows', (each) => each.partitioned && each.partitions.length > 1)
  const part = table?.columns.find(({ filled }) => filled === 'part')
  if (!table || !part) return false
  scene.run(
    `${picked(scene, table, 3)} update ${nameOf(table)} as x set part = ${literal(textFor(scene, table, part))} from picked where ${isPicked}`,
    { rows: 'unknown', mayFail: true },
  )
  return true
}

/** Two rows take each other's key, over a third one unless the key can be deferred. */
const swapKeys: StepMaker = (scene) => {
  const suits = (column: Column): boolean => column.distinct && column.filled === 'user' && !column.pinned
  const table = scene.chooseTable('exclusive', (each) => each.columns.some(suits))
  if (!table) return false
  const column = scene.random.pick(table.columns.filter(suits))
  const name = identifier(column.name)
  const between = literal(textFor(scene, table, column))
  const target = nameOf(table)
  const pick = (offset: number): string =>
    `(select ${name} from ${target} order by tableoid, ctid offset ${offset} limit 1)`
  const deferrable = table.indexes.some(
    ({ kind, columns }) => kind === 'deferrable' && columns.includes(column),
  )
  const swap = deferrable
    ? `update ${target} set ${name} = case when ${name} = one then other else one end where ${name} in (one, other);`
    : `update ${target} set ${name} = ${between} where ${name} = one;
       update ${target} set ${name} = one where ${name} = other;
       update ${target} set ${name} = other where ${name} = ${between};`
  scene.run(
    `do $body$ declare one ${column.type.sql} := ${pick(0)}; other ${column.type.sql} := ${pick(1)};
     begin if other is not null then ${swap} end if; end $body$`,
    { rows: 'unknown', mayFail: true },
  )
  return true
}

const remove: StepMaker = (scene) => {
  const table = scene.chooseTable('rows')
  if (!table) return false
  const rows = table.linked ? 'unknown' : 'delete'
  if (scene.random.chance(0.1) && scene.lock(table.group, 'exclusive')) {
    scene.run(`delete from ${nameOf(table)}`, { rows })
  } else {
    const limit = scene.random.between(1, 4)
    scene.run(
      `${picked(scene, table, limit)} delete from ${nameOf(table)} as x using picked where ${isPicked}`,
      { rows },
    )
  }
  return true
}

const truncate: StepMaker = (scene) => {
  const { random } = scene
  const tables = [scene.chooseTable('exclusive'), random.chance(0.3) ? scene.chooseTable('exclusive') : null]
  const names = new Set(tables.flatMap((table) => (table ? [nameOf(table)] : [])))
  if (names.size === 0) return false
  const restart = random.chance(0.2) ? ' restart identity' : ''
  scene.run(`truncate ${[...names].join(', ')}${restart} cascade`)
  return true
}

const lockRows: StepMaker = (scene) => {
  const table = scene.chooseTable('rows')
  if (!table) return false
  const strength = scene.random.pick(['update', 'no key update', 'share', 'key share'])
  scene.run(`select from ${nameOf(table)} order by tableoid, ctid limit 3 for ${strength} skip locked`)
  return true
}

export const changeSteps: readonly (readonly [weight: number, maker: StepMaker])[] = [
  [30, update],
  [8, changeKey],
  [4, moveRows],
  [4, swapKeys],
  [12, remove],
  [2, truncate],
  [1, lockRows],
]
