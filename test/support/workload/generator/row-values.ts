import { identifier, literal } from '../values/quoting.ts'
import { typeNamed } from '../values/value-types.ts'
import type { Column, Table } from './model.ts'
import { nameOf, newColumn } from './model.ts'
import type { Scene } from './scene.ts'

/** The column that decides over the partition of a row. */
export const partColumn = (): Column =>
  newColumn('part', typeNamed('integer'), { filled: 'part', notNull: true, pinned: true })

/** The values of `part` for which the table has room. */
const partsOf = (table: Table): readonly number[] => {
  if (table.partitioned) return table.partitions.map(({ part }) => part!)
  return table.part === null ? [0, 1, 2] : [table.part]
}

export function textFor(scene: Scene, table: Table, column: Column): string | null {
  const { random } = scene
  if (column.filled === 'part') return String(random.pick(partsOf(table)))
  if (column.distinct) return column.type.key!(scene.nextNumber(), random)
  if (!column.notNull && random.chance(0.15)) return null
  return column.type.text(random)
}

/** Which columns a new row gives; the others have their default. */
export function columnsToGive(scene: Scene, table: Table): Column[] {
  const given = table.columns.filter(({ filled }) => filled !== 'database')
  const optional = given.filter(({ notNull, hasDefault, distinct }) => !distinct && (hasDefault || !notNull))
  const left = scene.random.chance(0.3) ? scene.random.some(optional, scene.random.int(3)) : []
  return given.filter((column) => !left.includes(column))
}

export const hasRoom = (table: Table): boolean => !table.partitioned || table.partitions.length > 0

export const columnList = (columns: readonly Column[]): string =>
  columns.map(({ name }) => identifier(name)).join(', ')

export const rowLiteral = (scene: Scene, table: Table, columns: readonly Column[]): string =>
  `(${columns.map((column) => literal(textFor(scene, table, column))).join(', ')})`

/** A CTE `picked` of up to `limit` rows that no other session has locked, as `at` (the table) and `tid`. */
export function picked(scene: Scene, table: Table, limit: number): string {
  const offset = scene.random.int(8)
  return (
    `with picked as materialized (select tableoid as at, ctid as tid from ${nameOf(table)} ` +
    `order by tableoid, ctid offset ${offset} limit ${limit} for update skip locked)`
  )
}

export const isPicked = 'x.tableoid = picked.at and x.ctid = picked.tid'
