import { identifier } from '../values/quoting.ts'
import { addPartition, newPlace } from './create-steps.ts'
import { insertRows } from './insert-steps.ts'
import type { Column, Index, Table } from './model.ts'
import { keyOf, nameOf, newTable } from './model.ts'
import type { StepMaker } from './scene.ts'

const freePart = ({ partitions }: Table): number | undefined =>
  [0, 1, 2, 3].find((value) => !partitions.some(({ part }) => part === value))

const newPartition: StepMaker = (scene) => {
  const parent = scene.chooseTable('exclusive', (table) => table.partitioned && freePart(table) !== undefined)
  return parent !== null && addPartition(scene, parent, freePart(parent)!)
}

/** Copies of columns that were shared with a parent, and of the indexes over them. */
function ownCopies(table: Table): Pick<Table, 'columns' | 'indexes'> {
  const columns = table.columns.map((column) => ({ ...column }))
  const copyOf = (column: Column): Column => columns[table.columns.indexOf(column)]!
  const indexes = table.indexes.map(({ kind, columns: of }): Index => ({
    name: '',
    kind,
    columns: of.map(copyOf),
  }))
  return { columns, indexes }
}

/** A partition, or one that inherits, becomes a table of its own. */
const detach: StepMaker = (scene) => {
  const table = scene.chooseTable('exclusive', ({ parent }) => parent !== null)
  const parent = table?.parent
  if (!table || !parent) return false
  scene.run(
    parent.partitioned
      ? `alter table ${nameOf(parent)} detach partition ${nameOf(table)}`
      : `alter table ${nameOf(table)} no inherit ${nameOf(parent)}`,
  )
  const { columns, indexes } = ownCopies(table)
  scene.set(table, 'columns', columns)
  scene.set(table, 'indexes', indexes)
  scene.set(table, 'parent', null)
  scene.remove(parent.partitions, table)
  return true
}

/** A table that could be a partition, its columns in another order and one of them dropped. */
const createCandidate: StepMaker = (scene) => {
  const { random } = scene
  const parent = scene.chooseTable('exclusive', ({ partitioned }) => partitioned)
  const part = parent && freePart(parent)
  if (!parent || part === null || part === undefined) return false
  const place = newPlace(scene)
  if (!place) return false
  const { columns } = ownCopies(parent)
  const table = newTable({
    ...place,
    columns: random.some(columns, columns.length),
    part,
    group: parent.group,
  })
  const definitions = table.columns.map(
    ({ name, type, notNull }) => `${identifier(name)} ${type.sql}${notNull ? ' not null' : ''}`,
  )
  const kept = random.int(definitions.length + 1)
  const all = [...definitions.slice(0, kept), '"dropped" text', ...definitions.slice(kept)]
  for (const column of table.columns) column.hasDefault = false
  scene.ddl(`create table ${nameOf(table)} (${all.join(', ')})`)
  scene.ddl(`alter table ${nameOf(table)} drop column "dropped"`)
  scene.add(scene.world.tables, table)
  insertRows(scene, table, random.between(1, 4))
  return true
}

const fits = (table: Table, parent: Table): boolean => {
  const key = keyOf(parent)
  const own = keyOf(table)
  const names = (index: Index): string => index.columns.map(({ name }) => name).join('\0')
  return (
    parent.partitioned &&
    table.parent === null &&
    table.part !== null &&
    table.columns.length === parent.columns.length &&
    !parent.partitions.some(({ part }) => part === table.part) &&
    parent.columns.every((column) =>
      table.columns.some(
        ({ name, type, notNull, distinct }) =>
          name === column.name &&
          type === column.type &&
          notNull === column.notNull &&
          distinct === column.distinct,
      ),
    ) &&
    (!own || (key !== undefined && names(key) === names(own)))
  )
}

const attach: StepMaker = (scene) => {
  const { tables } = scene.world
  const pairs = tables.flatMap((parent) =>
    tables.filter((table) => fits(table, parent)).map((table) => ({ parent, table })),
  )
  const pair = scene.random
    .some(pairs, pairs.length)
    .find(
      ({ parent, table }) => scene.lock(parent.group, 'exclusive') && scene.lock(table.group, 'exclusive'),
    )
  if (!pair) return false
  const { parent, table } = pair
  scene.ddl(`alter table ${nameOf(parent)} attach partition ${nameOf(table)} for values in (${table.part!})`)
  scene.set(table, 'columns', parent.columns)
  scene.set(table, 'indexes', parent.indexes)
  scene.set(table, 'group', parent.group)
  scene.set(table, 'parent', parent)
  scene.add(parent.partitions, table)
  return true
}

const inherit: StepMaker = (scene) => {
  const parent = scene.chooseTable(
    'exclusive',
    (table) =>
      !table.partitioned &&
      !table.parent &&
      !table.linked &&
      table.columns.every(({ filled }) => filled === 'user'),
  )
  const place = newPlace(scene)
  if (!parent || !place) return false
  const { columns, group } = parent
  const table = newTable({ ...place, columns, group, parent })
  scene.ddl(`create table ${nameOf(table)} () inherits (${nameOf(parent)})`)
  scene.add(scene.world.tables, table)
  scene.add(parent.partitions, table)
  insertRows(scene, table, scene.random.between(1, 3))
  return true
}

export const partitionSteps: readonly (readonly [weight: number, maker: StepMaker])[] = [
  [2, newPartition],
  [3, detach],
  [2, createCandidate],
  [4, attach],
  [1, inherit],
]
