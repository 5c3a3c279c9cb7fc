import { identifier, literal } from '../values/quoting.ts'
import { typeNamed } from '../values/value-types.ts'
import { isWidening, widenings } from '../values/widening.ts'
import type { Column, Table } from './model.ts'
import { isIndexed, keyOf, nameOf, needsKey } from './model.ts'
import { freeColumnName, freeTableName } from './names.ts'
import { distinctColumn, filledColumn, plainColumn } from './new-columns.ts'
import type { Scene, StepMaker } from './scene.ts'

/** Partitions get and lose columns with their parent only. */
const isRoot = (table: Table): boolean => table.parent === null

const addColumn: StepMaker = (scene) => {
  const table = scene.chooseTable('exclusive', isRoot)
  if (!table) return false
  const rare = table.partitioned || table.partitions.length > 0 ? 0 : 1
  const make = scene.random.weighted([
    [8, plainColumn],
    [rare, filledColumn],
    [rare, nullableDistinct],
  ])
  // Postgres refuses REPLICA IDENTITY FULL beside one
  const mayBeVirtual = scene.major >= 18 && keyOf(table) !== undefined
  const definition = make(scene, table.columns, mayBeVirtual)
  if (!definition) return false
  scene.ddl(`alter table ${nameOf(table)} add column ${definition.sql}`)
  scene.add(table.columns, definition.column)
  return true
}

const nullableDistinct = (scene: Scene, columns: readonly Column[]): ReturnType<typeof distinctColumn> =>
  distinctColumn(scene, columns, false)

const isFree = (table: Table, column: Column): boolean =>
  !column.pinned && !isIndexed(table, column) && column.filled !== 'part'

const dropColumn: StepMaker = (scene) => {
  const { random } = scene
  const table = scene.chooseTable(
    'exclusive',
    (each) => isRoot(each) && each.columns.some((column) => !column.pinned),
  )
  if (!table) return false
  const column = random.pick(table.columns.filter(({ pinned }) => !pinned))
  const inIndexes = table.indexes.filter(({ columns }) => columns.includes(column))
  if (inIndexes.length > 0 && (needsKey(table) || random.chance(0.7))) return false
  scene.ddl(`alter table ${nameOf(table)} drop column ${identifier(column.name)} cascade`)
  scene.remove(table.columns, column)
  for (const index of inIndexes) scene.remove(table.indexes, index)
  return true
}

const renameColumn: StepMaker = (scene) => {
  const table = scene.chooseTable(
    'exclusive',
    (each) => isRoot(each) && each.columns.some(({ filled }) => filled !== 'part'),
  )
  const name = table && freeColumnName(scene, table.columns)
  if (!table || !name) return false
  const column = scene.random.pick(table.columns.filter(({ filled }) => filled !== 'part'))
  scene.ddl(`alter table ${nameOf(table)} rename column ${identifier(column.name)} to ${identifier(name)}`)
  scene.set(column, 'name', name)
  return true
}

const alterType: StepMaker = (scene) => {
  const { random } = scene
  const suits = (table: Table, column: Column): boolean =>
    column.filled === 'user' &&
    (column.distinct ? !column.pinned && column.type.sql in widenings : isFree(table, column))
  const table = scene.chooseTable(
    'exclusive',
    (each) => isRoot(each) && each.columns.some((column) => suits(each, column)),
  )
  if (!table) return false
  const column = random.pick(table.columns.filter((each) => suits(table, each)))
  const name = identifier(column.name)
  // from these nobody expects that USING changes values; to the same type it does so without an entry
  const others = scene.types.filter(({ sql }) => sql !== column.type.sql && !isWidening(column.type.sql, sql))
  const to = column.distinct ? typeNamed(widenings[column.type.sql]!) : random.pick(others)
  const values = [`(${literal(to.text(random))})::${to.sql}`]
  if (!column.notNull) values.push(`null::${to.sql}`)
  if (to.sql === 'text') values.push(`${name}::text || '!'`)
  const using = column.distinct ? '' : ` using ${random.pick(values)}`
  const dropDefault = column.hasDefault ? `alter column ${name} drop default, ` : ''
  scene.ddl(`alter table ${nameOf(table)} ${dropDefault}alter column ${name} type ${to.sql}${using}`, {
    mayFail: table.linked,
  })
  scene.set(column, 'type', to)
  scene.set(column, 'hasDefault', false)
  return true
}

const alterColumn: StepMaker = (scene) => {
  const { random } = scene
  const suits = ({ filled, distinct }: Column): boolean => filled === 'user' && !distinct
  const table = scene.chooseTable('exclusive', (each) => isRoot(each) && each.columns.some(suits))
  if (!table) return false
  const column = random.pick(table.columns.filter(suits))
  const alter = (what: string): void =>
    scene.ddl(`alter table ${nameOf(table)} alter column ${identifier(column.name)} ${what}`)
  random.pick([
    () => {
      alter(`set default ${literal(column.type.text(random))}`)
      scene.set(column, 'hasDefault', true)
    },
    () => {
      alter('drop default')
      scene.set(column, 'hasDefault', false)
    },
    () => {
      if (!column.notNull || isIndexed(table, column) || table.partitions.length > 0) return
      alter('drop not null')
      scene.set(column, 'notNull', false)
    },
    () => {
      const typeIsWide = ['text', 'bytea', 'jsonb', 'character varying'].includes(column.type.sql)
      if (typeIsWide) alter(`set storage ${random.pick(['external', 'extended', 'main'])}`)
    },
  ])()
  return true
}

/** Commands beside which others change rows of the table. */
const describeColumn: StepMaker = (scene) => {
  const { random } = scene
  const table = scene.chooseTable('weak', (each) => isRoot(each) && each.columns.length > 0)
  if (!table) return false
  const column = identifier(random.pick(table.columns).name)
  const note = literal(random.pick([null, 'a "comment"\n', "it's"]))
  if (random.chance(0.7)) scene.ddl(`comment on column ${nameOf(table)}.${column} is ${note}`)
  else scene.ddl(`alter table ${nameOf(table)} alter column ${column} set statistics 10`)
  return true
}

const renameTable: StepMaker = (scene) => {
  const table = scene.chooseTable('exclusive')
  const name = table && freeTableName(scene, table.schema)
  if (!table || !name || !scene.lockName(table.schema, table.name)) return false
  scene.ddl(`alter table ${nameOf(table)} rename to ${identifier(name)}`)
  scene.set(table, 'name', name)
  return true
}

const moveTable: StepMaker = (scene) => {
  const { random, world } = scene
  const table = scene.chooseTable('exclusive')
  const schema = table && random.pick(world.schemas)
  if (!table || !schema || schema === table.schema || !scene.useSchema(schema)) return false
  const taken = world.tables.some((each) => each.schema === schema && each.name === table.name)
  if (taken || !scene.lockName(schema, table.name) || !scene.lockName(table.schema, table.name)) return false
  scene.ddl(`alter table ${nameOf(table)} set schema ${identifier(schema.name)}`)
  scene.set(table, 'schema', schema)
  return true
}

/** Two tables take each other's name at once. */
const swapNames: StepMaker = (scene) => {
  const table = scene.chooseTable('exclusive')
  const other = scene.chooseTable('exclusive', (each) => each !== table && each.schema === table?.schema)
  if (!table || !other) return false
  const { schema, name } = table
  const taken = [name, other.name].every((each) => scene.lockName(schema, each))
  if (!taken) return false
  const inSchema = (each: string): string => `${identifier(schema.name)}.${identifier(each)}`
  scene.ddl(
    `alter table ${inSchema(name)} rename to swapped; alter table ${inSchema(other.name)} rename to ${identifier(name)}; ` +
      `alter table ${inSchema('swapped')} rename to ${identifier(other.name)}`,
  )
  scene.set(table, 'name', other.name)
  scene.set(other, 'name', name)
  return true
}

export const alterSteps: readonly (readonly [weight: number, maker: StepMaker])[] = [
  [8, addColumn],
  [5, dropColumn],
  [4, renameColumn],
  [5, alterType],
  [4, alterColumn],
  [2, describeColumn],
  [4, renameTable],
  [3, moveTable],
  [1, swapNames],
]
