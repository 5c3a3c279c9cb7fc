import { identifier, literal } from '../values/quoting.ts'
import type { Schema, Table } from './model.ts'
import { nameOf } from './model.ts'
import { freeColumnName, freeSchemaName } from './names.ts'
import { createTable, createTableAt } from './create-steps.ts'
import type { Scene, StepMaker } from './scene.ts'

const withPartitions = (table: Table): Table[] => [table, ...table.partitions.flatMap(withPartitions)]

function forget(scene: Scene, table: Table): void {
  for (const partition of [...table.partitions]) forget(scene, partition)
  if (table.parent) scene.remove(table.parent.partitions, table)
  scene.remove(scene.world.tables, table)
}

const dropTable: StepMaker = (scene) => {
  const tables = [
    scene.chooseTable('exclusive'),
    scene.random.chance(0.15) ? scene.chooseTable('exclusive') : null,
  ].filter((table) => table !== null)
  const doomed = [...new Set(tables)]
  const named = doomed.flatMap(withPartitions).every(({ schema, name }) => scene.lockName(schema, name))
  if (doomed.length === 0 || !named) return false
  scene.ddl(`drop table ${doomed.map(nameOf).join(', ')} cascade`)
  for (const table of doomed) forget(scene, table)
  return true
}

/** The new one has the name of the old, in one transaction when there is one. */
const replaceTable: StepMaker = (scene) => dropTable(scene) && createTable(scene)

export const createSchema: StepMaker = (scene) => {
  const name = freeSchemaName(scene)
  if (!name) return false
  const schema: Schema = { name }
  if (!scene.lockSchema(schema, 'nobody') || !scene.lockName(schema, '')) return false
  const create = `create schema ${identifier(name)}`
  if (scene.random.chance(0.7)) scene.ddl(create)
  else createTableAt(scene, { schema, name: 'a.b' }, `${create} create table "a.b"`)
  scene.add(scene.world.schemas, schema)
  return true
}

const renameSchema: StepMaker = (scene) => {
  const { random, world } = scene
  const name = freeSchemaName(scene)
  const schema = random.pick(world.schemas)
  // others go on changing rows: they have to know the new name at once
  const beside = scene.transaction.open ? 'nobody' : 'rows'
  const free = name !== null && scene.lockSchema(schema, beside) && scene.lockName({ name }, '')
  if (!free || !scene.lockName(schema, '')) return false
  scene.ddl(`alter schema ${identifier(schema.name)} rename to ${identifier(name)}`)
  scene.set(schema, 'name', name)
  return true
}

const dropSchema: StepMaker = (scene) => {
  const { random, world } = scene
  if (world.schemas.length < 2) return false
  const schema = random.pick(world.schemas)
  const tables = world.tables.filter((table) => table.schema === schema)
  // what a cascade reaches outside is locked with its group
  if (!scene.lockSchema(schema, 'nobody') || !scene.lockName(schema, '')) return false
  scene.ddl(`drop schema ${identifier(schema.name)} cascade`)
  for (const table of tables) forget(scene, table)
  scene.remove(world.schemas, schema)
  return true
}

/** A type appears in a table, is renamed, and takes its column with it. */
const passingType: StepMaker = (scene) => {
  const { random, world } = scene
  const table = scene.chooseTable('exclusive', (each) => each.parent === null)
  const name = table && freeColumnName(scene, table.columns)
  const schema = random.pick(world.schemas)
  if (!table || !name || !scene.useSchema(schema)) return false
  const type = (typeName: string): string => `${identifier(schema.name)}.${identifier(typeName)}`
  const number = scene.nextNumber()
  const kind = random.pick(["as enum ('x', 'y')", 'as (x integer, y text)', 'as range (subtype = text)'])
  const array = random.chance(0.3) ? '[]' : ''
  scene.ddl(`create type ${type(`t${number}`)} ${kind}`)
  scene.ddl(`alter table ${nameOf(table)} add column ${identifier(name)} ${type(`t${number}`)}${array}`)
  if (random.chance(0.5)) scene.ddl(`alter type ${type(`t${number}`)} rename to ${identifier(`T ${number}`)}`)
  else scene.ddl(`alter type ${type(`t${number}`)} set schema ${identifier(schema.name)}`)
  scene.ddl(`drop type if exists ${type(`t${number}`)}, ${type(`T ${number}`)} cascade`)
  return true
}

/** Nothing of what is temporary or unlogged is an event. */
const notLogged: StepMaker = (scene) => {
  const number = scene.nextNumber()
  const kind = scene.random.pick(['temporary', 'unlogged'])
  const name = `${kind === 'unlogged' ? `${identifier(scene.random.pick(scene.world.schemas).name)}.` : ''}u${number}`
  if (kind === 'temporary') scene.transaction.hasTemporary = true
  scene.ddl(`create ${kind} table ${name} as select g as id, 'x'::text as t from generate_series(1, 5) as g`)
  scene.ddl(`alter table ${name} add primary key (id)`)
  scene.run(`update ${name} set t = t || id`)
  scene.ddl(`drop table ${name}`)
  return true
}

const message: StepMaker = (scene) => {
  const transactional = scene.random.chance(0.6)
  const content = scene.random.pick([literal('é \u{1f600}'), `'\\x00ff'::bytea`, `''`])
  scene.run(`select pg_logical_emit_message(${transactional}, 'workload ü', ${content})`)
  return true
}

export const dropSteps: readonly (readonly [weight: number, maker: StepMaker])[] = [
  [4, dropTable],
  [2, replaceTable],
  [1, createSchema],
  [1, renameSchema],
  [1, dropSchema],
  [2, passingType],
  [1, notLogged],
  [2, message],
]
