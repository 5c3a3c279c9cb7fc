import { copyText, identifier, literal } from '../values/quoting.ts'
import type { Table } from './model.ts'
import { keyOf, nameOf } from './model.ts'
import { columnList, columnsToGive, hasRoom, picked, rowLiteral, textFor } from './row-values.ts'
import type { Scene, StepMaker } from './scene.ts'

const inserted = (table: Table): { rows: 'insert' | 'unknown' } => ({
  rows: table.linked ? 'unknown' : 'insert',
})

export function insertRows(scene: Scene, table: Table, count: number): void {
  const columns = columnsToGive(scene, table)
  const rows = Array.from({ length: count }, () => rowLiteral(scene, table, columns))
  const sql =
    columns.length === 0
      ? `insert into ${nameOf(table)} default values`
      : `insert into ${nameOf(table)} (${columnList(columns)}) values ${rows.join(', ')}`
  scene.run(sql, inserted(table))
}

const insert: StepMaker = (scene) => {
  const table = scene.chooseTable('rows', hasRoom)
  if (!table) return false
  insertRows(
    scene,
    table,
    scene.random.weighted([
      [6, 1],
      [3, scene.random.between(2, 6)],
      [1, 40],
    ]),
  )
  return true
}

const copy: StepMaker = (scene) => {
  const table = scene.chooseTable('rows', hasRoom)
  if (!table) return false
  const columns = columnsToGive(scene, table)
  if (columns.length === 0) return false
  const lines = Array.from({ length: scene.random.between(1, 12) }, () =>
    columns.map((column) => copyText(textFor(scene, table, column))).join('\t'),
  )
  scene.run(`copy ${nameOf(table)} (${columnList(columns)}) from stdin`, {
    copy: lines.map((line) => `${line}\n`).join(''),
    ...inserted(table),
  })
  return true
}

/** Rows that are there are inserted again, and become updates or nothing. */
const upsert: StepMaker = (scene) => {
  const table = scene.chooseTable('rows', (each) => keyOf(each) !== undefined && hasRoom(each))
  const key = table && keyOf(table)
  if (!table || !key || key.columns.some(({ filled }) => filled === 'database')) return false
  const others = columnsToGive(scene, table).filter(
    (column) => !key.columns.includes(column) && !column.distinct && column.filled === 'user',
  )
  const required = table.columns.filter(
    (column) =>
      column.notNull && !column.hasDefault && column.filled !== 'database' && !key.columns.includes(column),
  )
  if (required.some((column) => !others.includes(column))) return false
  const given = [...key.columns, ...others]
  const values = [
    ...key.columns.map(({ name }) => `x.${identifier(name)}`),
    ...others.map((column) => `${literal(textFor(scene, table, column))}::${column.type.sql}`),
  ]
  const action =
    others.length === 0 || scene.random.chance(0.2)
      ? 'nothing'
      : `update set ${others.map(({ name }) => `${identifier(name)} = excluded.${identifier(name)}`).join(', ')}`
  scene.run(
    `${picked(scene, table, 3)} insert into ${nameOf(table)} (${columnList(given)}) ` +
      `select ${values.join(', ')} from ${nameOf(table)} as x join picked on x.tableoid = picked.at and x.ctid = picked.tid ` +
      `on conflict (${columnList(key.columns)}) do ${action}`,
    { rows: 'unknown', mayFail: true },
  )
  return true
}

/** Rows go and come back with the same key in one statement. */
const reinsert: StepMaker = (scene) => {
  const table = scene.chooseTable('rows', (each) => each.columns.every(({ filled }) => filled !== 'database'))
  if (!table || table.columns.length === 0 || !hasRoom(table)) return false
  const list = columnList(table.columns)
  const returned = table.columns.map(({ name }) => `x.${identifier(name)}`).join(', ')
  scene.run(
    `${picked(scene, table, 2)}, gone as (delete from ${nameOf(table)} as x using picked ` +
      `where x.tableoid = picked.at and x.ctid = picked.tid returning ${returned}) ` +
      `insert into ${nameOf(table)} (${list}) select ${list} from gone`,
    { rows: 'unknown', mayFail: true },
  )
  return true
}

/** A subtransaction of PL/pgSQL that fails among statements that do not. */
const block: StepMaker = (scene) => {
  const table = scene.chooseTable('rows', hasRoom)
  if (!table) return false
  const columns = columnsToGive(scene, table)
  if (columns.length === 0) return false
  const insertOne = (): string =>
    `insert into ${nameOf(table)} (${columnList(columns)}) values ${rowLiteral(scene, table, columns)};`
  scene.run(
    `do $body$ begin ${insertOne()} begin ${insertOne()} raise exception 'undo'; ` +
      `exception when raise_exception then null; end; ${insertOne()} end $body$`,
    { rows: 'unknown' },
  )
  return true
}

export const insertSteps: readonly (readonly [weight: number, maker: StepMaker])[] = [
  [30, insert],
  [8, copy],
  [6, upsert],
  [4, reinsert],
  [3, block],
]
