import type { Random } from '../workload/random.ts'

/** What a writer of the storm has to know of its table in order to change it: names that are in use. */
export interface StormTable {
  schema: string
  name: string
  /** But for the marker, which is text, all are integers; `n` is unique. */
  columns: string[]
  /** The name of its primary key. */
  key: string | null
}

let names = 0
const newName = (): string => `x${++names}`

export const qualified = ({ schema, name }: StormTable): string => `${schema}.${name}`

export function createTable(table: StormTable): string {
  const others = ofOthers(table).map((name) => `${name} int, `)
  return `create table ${qualified(table)} (n int not null, ${others.join('')}marker text)`
}

type Change = (table: StormTable, random: Random) => string[]

const ofOthers = (table: StormTable): string[] => table.columns.slice(2)

const addColumn: Change = (table) => {
  const name = newName()
  table.columns.push(name)
  return [`alter table ${qualified(table)} add column ${name} int`]
}

const dropColumn: Change = (table, random) => {
  if (ofOthers(table).length === 0) return addColumn(table, random)
  const name = random.pick(ofOthers(table))
  table.columns = table.columns.filter((column) => column !== name)
  return [`alter table ${qualified(table)} drop column ${name}`]
}

/** Their ids go with them: who knows the older names only, takes one for the other. */
const swapColumns: Change = (table, random) => {
  const [a, b] = random.some(ofOthers(table), 2)
  if (a === undefined || b === undefined) return addColumn(table, random)
  const rename = (from: string, to: string): string =>
    `alter table ${qualified(table)} rename column ${from} to ${to}`
  return [rename(a, 'between'), rename(b, a), rename('between', b)]
}

const renameTable: Change = (table) => {
  const before = qualified(table)
  table.name = newName()
  return [`alter table ${before} rename to ${table.name}`]
}

const moveTable: Change = (table) => {
  const before = qualified(table)
  table.schema = table.schema === 'public' ? 'other' : 'public'
  return [`alter table ${before} set schema ${table.schema}`]
}

const changeKey: Change = (table, random) => {
  const { key } = table
  if (key !== null) {
    table.key = null
    return [`alter table ${qualified(table)} drop constraint ${key}`]
  }
  const made = (table.key = newName())
  const deferrable = random.chance(0.3) ? ' deferrable' : ''
  return [`alter table ${qualified(table)} add constraint ${made} primary key (n)${deferrable}`]
}

/** The same name and the same columns, and another table. */
const replaceTable: Change = (table) => {
  table.key = null
  return [`drop table ${qualified(table)}`, createTable(table)]
}

export const changes: readonly (readonly [weight: number, change: Change])[] = [
  [4, addColumn],
  [3, dropColumn],
  [5, swapColumns],
  [2, renameTable],
  [2, moveTable],
  [3, changeKey],
  [2, replaceTable],
]
