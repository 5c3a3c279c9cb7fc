import type { Column, Schema, World } from './model.ts'
import type { Scene } from './scene.ts'

const schemaNames = ['w one', 'w_two', 'W.Three "3"', 'wÜ\u{1f600}']
const tableNames = [
  'orders',
  'Orders',
  'a.b',
  'or "ders"',
  'tab\u{1f600}le',
  'select',
  "it's",
  'items',
  'é'.repeat(31),
  'x y',
  '$1',
  'events',
]
const columnNames = [
  'a',
  'A',
  'b',
  'c.d',
  'select',
  'q"q',
  'ü\u{1f600}',
  "o'clock",
  ' ',
  '__proto__',
  'note',
  'n',
  'value',
  'at',
  'e f',
  '\\x',
  'constructor',
  'z'.repeat(63),
]

export function freeSchemaName({ world, random }: Scene): string | null {
  const free = schemaNames.filter((name) => !world.schemas.some((schema) => schema.name === name))
  return free.length === 0 ? null : random.pick(free)
}

/** Reserved for this session until its transaction ends. */
export function freeTableName(scene: Scene, schema: Schema): string | null {
  const free = tableNames.filter((name) => !isTaken(scene.world, schema, name))
  return scene.random.some(free, free.length).find((name) => scene.lockName(schema, name)) ?? null
}

const isTaken = ({ tables }: World, schema: Schema, name: string): boolean =>
  tables.some((table) => table.schema === schema && table.name === name)

export function freeColumnName({ random }: Scene, columns: readonly Column[]): string | null {
  const free = columnNames.filter((name) => !columns.some((column) => column.name === name))
  return free.length === 0 ? null : random.pick(free)
}
