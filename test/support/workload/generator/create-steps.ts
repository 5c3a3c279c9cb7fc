import { identifier } from '../values/quoting.ts'
import { typeNamed } from '../values/value-types.ts'
import { insertRows } from './insert-steps.ts'
import type { Column, Index, Schema, Table } from './model.ts'
import { keyOf, nameOf, newColumn, newTable } from './model.ts'
import { freeTableName } from './names.ts'
import { distinctColumn, filledColumn, indexColumns, plainColumn } from './new-columns.ts'
import type { Definition } from './new-columns.ts'
import { hasRoom, partColumn } from './row-values.ts'
import type { Scene, StepMaker } from './scene.ts'

interface Place {
  readonly schema: Schema
  readonly name: string
}

/** Where a new table goes; null when there is no place. */
export function newPlace(scene: Scene): Place | null {
  const { random, world } = scene
  const schema = random.some(world.schemas, world.schemas.length).find((each) => scene.useSchema(each))
  const name = schema && freeTableName(scene, schema)
  return schema && name ? { schema, name } : null
}

function newColumns(scene: Scene): Definition[] {
  const { random } = scene
  const made: Definition[] = []
  const make = (maker: (scene: Scene, columns: readonly Column[]) => Definition | null): void => {
    const definition = maker(
      scene,
      made.map(({ column }) => column),
    )
    if (definition) made.push(definition)
  }
  for (
    let left = random.weighted([
      [1, 0],
      [6, 1],
      [4, 2],
    ]);
    left > 0;
    left--
  )
    make(distinctColumn)
  for (let left = random.between(0, 6); left > 0; left--) make(plainColumn)
  if (random.chance(0.25)) make(filledColumn)
  return random.chance(0.3) ? random.some(made, made.length) : made
}

/** A key over columns whose values are distinct; as a constraint within CREATE TABLE. */
function newKey(scene: Scene, columns: readonly Column[]): { index: Index; sql: string } | null {
  const { random } = scene
  const distinct = columns.filter((column) => column.distinct)
  if (distinct.length === 0) return null
  const part = columns.filter(({ filled }) => filled === 'part')
  const others = columns.filter(({ notNull, distinct: is, type }) => notNull && !is && type.key !== undefined)
  const more = random.chance(0.25) ? random.some(others, 1) : []
  const keyed = [...new Set([...random.some(distinct, random.between(1, 2)), ...part, ...more])]
  const key = random.some(keyed, keyed.length)
  const kind = random.weighted([
    [7, 'primary'],
    [part.length > 0 || scene.keyed ? 0 : 2, 'deferrable'],
  ] as const)
  const index: Index = { name: `k${scene.nextNumber()}`, columns: key, kind }
  const deferrable =
    kind === 'deferrable' ? ` deferrable initially ${random.pick(['deferred', 'immediate'])}` : ''
  return {
    index,
    sql: `constraint ${identifier(index.name)} primary key (${indexColumns(index)})${deferrable}`,
  }
}

function addTable(
  scene: Scene,
  table: Table,
  definitions: readonly string[],
  { head = `create table ${nameOf(table)}`, tail = '' } = {},
): void {
  scene.ddl(`${head} (${definitions.join(', ')})${tail}`)
  scene.lock(table.group, 'exclusive')
  scene.add(scene.world.tables, table)
}

export const createTable: StepMaker = (scene) => {
  const place = newPlace(scene)
  if (place) createTableAt(scene, place)
  return place !== null
}

/** `head` is what stands before the list of columns. */
export function createTableAt(scene: Scene, place: Place, head?: string): void {
  const definitions = newColumns(scene)
  const columns = definitions.map(({ column }) => column)
  const key = scene.random.chance(scene.keyed ? 0.97 : 0.8) ? newKey(scene, columns) : null
  const table = newTable({ ...place, columns, indexes: key ? [key.index] : [] })
  addTable(scene, table, [...definitions.map(({ sql }) => sql), ...(key ? [key.sql] : [])], {
    ...(head === undefined ? {} : { head }),
  })
  if (scene.random.chance(0.8)) insertRows(scene, table, scene.random.between(1, 8))
}

/** So many columns that an entry of the schema log needs several parts. */
const createWide: StepMaker = (scene) => {
  const place = newPlace(scene)
  if (!place) return false
  const type = typeNamed('integer')
  const columns = Array.from({ length: 700 }, (_, i) =>
    newColumn(`column ${i}`, type, i === 0 ? { distinct: true, notNull: true } : {}),
  )
  const index: Index = { name: `k${scene.nextNumber()}`, columns: columns.slice(0, 1), kind: 'primary' }
  const definitions = columns.map(({ name }) => `${identifier(name)} integer`)
  addTable(scene, newTable({ ...place, columns, indexes: [index] }), [
    ...definitions,
    `constraint ${index.name} primary key ("column 0")`,
  ])
  return true
}

/** With constraints, defaults and indexes of another table, under names that Postgres chooses. */
const createLike: StepMaker = (scene) => {
  const source = scene.chooseTable('rows', ({ linked, partitioned }) => !linked && !partitioned)
  const place = newPlace(scene)
  if (!source || !place) return false
  const columns = source.columns.map((column) => ({ ...column }))
  const indexes = source.indexes.map(({ kind, columns: of }): Index => ({
    name: '',
    kind,
    columns: of.map((column) => columns[source.columns.indexOf(column)]!),
  }))
  const table = newTable({ ...place, columns, indexes })
  scene.ddl(`create table ${nameOf(table)} (like ${nameOf(source)} including all)`)
  scene.lock(table.group, 'exclusive')
  scene.add(scene.world.tables, table)
  insertRows(scene, table, 2)
  return true
}

const createPartitioned: StepMaker = (scene) => {
  const { random } = scene
  const place = newPlace(scene)
  if (!place) return false
  const given = newColumns(scene).filter(({ column }) => column.filled === 'user')
  const part = partColumn()
  const columns = [...given.map(({ column }) => column), part]
  const key = random.chance(scene.keyed ? 0.97 : 0.7) ? newKey(scene, columns) : null
  const table = newTable({ ...place, columns, indexes: key ? [key.index] : [], partitioned: true })
  const definitions = [...given.map(({ sql }) => sql), 'part integer not null', ...(key ? [key.sql] : [])]
  addTable(scene, table, definitions, { tail: ' partition by list (part)' })
  for (const value of random.some([0, 1, 2, 3], random.between(1, 3))) addPartition(scene, table, value)
  if (hasRoom(table)) insertRows(scene, table, random.between(2, 8))
  return true
}

export function addPartition(scene: Scene, parent: Table, part: number): boolean {
  const place = newPlace(scene)
  if (!place) return false
  const { columns, group, indexes } = parent
  const table = newTable({ ...place, columns, group, indexes, parent, part })
  scene.ddl(`create table ${nameOf(table)} partition of ${nameOf(parent)} for values in (${part})`)
  scene.add(scene.world.tables, table)
  scene.add(parent.partitions, table)
  return true
}

/** Rows come before the entry that tells of their table. */
const createAs: StepMaker = (scene) => {
  const { random } = scene
  if (scene.keyed && random.chance(0.7)) return false
  const place = newPlace(scene)
  const source = scene.chooseTable('rows')
  if (!place || !source) return false
  const columns = source.columns.map((column) =>
    newColumn(column.name, column.type, { distinct: column.distinct && column.filled === 'user' }),
  )
  const table = newTable({ ...place, columns })
  const data = random.chance(0.2) ? ' with no data' : ''
  const sql = random.chance(0.7)
    ? `create table ${nameOf(table)} as select * from ${nameOf(source)}${data}`
    : `select * into ${nameOf(table)} from ${nameOf(source)}`
  scene.run(sql, { rows: 'unknown' })
  scene.lock(table.group, 'exclusive')
  scene.add(scene.world.tables, table)
  return true
}

/** A table whose rows go, or change, with rows of another. */
const createChild: StepMaker = (scene) => {
  const place = newPlace(scene)
  const isAlone = (table: Table): boolean =>
    scene.world.tables.every((other) => other === table || other.group !== table.group)
  const parent = scene.chooseTable(
    'exclusive',
    (table) => !table.partitioned && keyOf(table)?.columns.length === 1 && isAlone(table),
  )
  const id = distinctColumn(scene, [])
  const note = plainColumn(scene, id ? [id.column] : [])
  if (!place || !parent || !id || !note) return false
  const key = keyOf(parent)!.columns[0]!
  const up = newColumn('up', key.type, { filled: 'database' })
  const index: Index = { name: `k${scene.nextNumber()}`, columns: [id.column], kind: 'primary' }
  const group = { oneSession: true }
  const columns = [id.column, note.column, up]
  const table = newTable({ ...place, columns, indexes: [index], group, linked: true, up: parent })
  scene.set(parent, 'group', group)
  scene.set(parent, 'linked', true)
  const reference = `${nameOf(parent)} (${identifier(key.name)}) on update cascade on delete cascade`
  const primary = `constraint ${identifier(index.name)} primary key (${identifier(id.column.name)})`
  addTable(scene, table, [id.sql, note.sql, `up ${key.type.sql} references ${reference}`, primary])
  insertRows(scene, table, 3)
  linkRows(scene, table)
  return true
}

function linkRows(scene: Scene, table: Table): void {
  const key = keyOf(table.up!)?.columns[0]
  if (!key) return
  const target = `(select ${identifier(key.name)} from ${nameOf(table.up!)} order by ctid limit 1)`
  scene.run(`update ${nameOf(table)} set up = ${target} where up is null`, { rows: 'unknown', mayFail: true })
}

export const createSteps: readonly (readonly [weight: number, maker: StepMaker])[] = [
  [8, createTable],
  [3, createPartitioned],
  [3, createAs],
  [1, createLike],
  [0.15, createWide],
  [1, createChild],
]
