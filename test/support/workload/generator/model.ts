import { identifier } from '../values/quoting.ts'
import type { ValueType } from '../values/value-type.ts'

/** What the generator knows of the database that its statements make: shapes, no rows. */
export interface World {
  readonly schemas: Schema[]
  readonly tables: Table[]
}

export interface Schema {
  name: string
}

export interface Table {
  schema: Schema
  name: string
  /** Partitions share the array of their root. */
  columns: Column[]
  indexes: Index[]
  /** Tables of one group are locked together: partitions, heirs, both ends of a foreign key. */
  group: Group
  readonly partitioned: boolean
  parent: Table | null
  readonly partitions: Table[]
  /** The only value of its column `part`: of partitions, and of what was one. */
  readonly part: number | null
  /** Statements for it change rows of other tables, too: one end of a foreign key. */
  linked: boolean
  /** Where its foreign key, the column `up`, points to. */
  readonly up: Table | null
}

export interface Group {
  /** Rows of several tables wait for each other: one session at a time. */
  readonly oneSession: boolean
}

export interface Column {
  name: string
  type: ValueType
  notNull: boolean
  /** Its values are `key(n)`, each n once. */
  readonly distinct: boolean
  /** `database`: it fills the column, and takes no value. `part`: decides over the partition. */
  readonly filled: 'user' | 'database' | 'part'
  hasDefault: boolean
  /** Others depend on it: neither dropped nor given another type. */
  pinned: boolean
  /** Computed when it is read: its table needs a key as long as it has it. */
  readonly virtual: boolean
}

export interface Index {
  name: string
  readonly columns: readonly Column[]
  readonly kind: 'primary' | 'deferrable' | 'unique' | 'other'
}

export const nameOf = (table: Table): string => `${identifier(table.schema.name)}.${identifier(table.name)}`

export const keyOf = (table: Table): Index | undefined => table.indexes.find(({ kind }) => kind === 'primary')

export const needsKey = (table: Table): boolean => table.columns.some(({ virtual }) => virtual)

export const isIndexed = (table: Table, column: Column): boolean =>
  table.indexes.some(({ columns }) => columns.includes(column))

export function newTable(given: Pick<Table, 'schema' | 'name' | 'columns'> & Partial<Table>): Table {
  return {
    indexes: [],
    group: { oneSession: false },
    partitioned: false,
    parent: null,
    partitions: [],
    part: null,
    linked: false,
    up: null,
    ...given,
  }
}

export function newColumn(name: string, type: ValueType, given: Partial<Column> = {}): Column {
  return {
    name,
    type,
    notNull: false,
    distinct: false,
    filled: 'user',
    hasDefault: false,
    pinned: false,
    virtual: false,
    ...given,
  }
}
