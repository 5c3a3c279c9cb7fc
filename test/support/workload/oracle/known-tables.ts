import type { SchemaDelta, SchemaLogEntry, TableSchema } from '../../../../src/wal/schema-log.ts'
import type { KnownTable } from './known-table.ts'
import { isSame } from './problems.ts'
import type { Problems } from './problems.ts'

const makesTables: ReadonlySet<string> = new Set([
  'CREATE TABLE',
  'CREATE TABLE AS',
  'SELECT INTO',
  'CREATE SCHEMA',
  'REFRESH',
])

/** What happened to a table that may have rows. */
export interface TableChange {
  readonly before: KnownTable | null
  readonly after: KnownTable
}

/** The tables of the source, as the entries of its schema log tell them one after the other. */
export class KnownTables {
  readonly #problems: Problems
  readonly #byId = new Map<string, KnownTable>()
  #byName = new Map<string, KnownTable>()
  /** Left a schema in this transaction: dropped, unless an entry tells where they went. */
  readonly #leaving = new Map<string, KnownTable>()
  readonly schemas = new Set<string>()
  #parts: TableSchema[] = []
  #gone: SchemaDelta['dropped_tables'][number][] = []

  constructor(problems: Problems) {
    this.#problems = problems
  }

  get all(): KnownTable[] {
    return [...this.#byId.values()]
  }

  find(schema: string, name: string): KnownTable | undefined {
    return this.#byName.get(`${schema}\0${name}`)
  }

  /** The transaction is over: ids of what left for good. */
  settle(): string[] {
    const ids = [...this.#leaving.keys()]
    this.#leaving.clear()
    return ids
  }

  /** The tables that the entry describes; none until the last part of one that is cut. */
  apply({ schemaName, schema: delta }: SchemaLogEntry): TableChange[] {
    const { part = 1, parts = 1 } = delta
    if (part === 1) [this.#parts, this.#gone] = [[], []]
    for (const table of delta.tables) this.#collect(table)
    this.#gone.push(...delta.dropped_tables)
    if (part < parts) return []

    this.schemas.add(schemaName)
    if (delta.dropped) this.schemas.delete(schemaName)
    if (delta.renamed_from !== undefined) this.#renameSchema(delta.renamed_from, schemaName)
    for (const { pgstream_id, name } of this.#gone) this.#leave(schemaName, pgstream_id, name)
    const left = delta.dropped ? this.all.filter(({ schema }) => schema === schemaName) : []
    this.#problems.check(
      left.length === 0,
      () => `the schema ${schemaName} was dropped, but not its ${left[0]!.name}`,
    )
    const addsIndexes = delta.adds_indexes === true
    const changes = this.#parts.map((table) => this.#describe({ ...table, schema: schemaName }, addsIndexes))
    for (const { before, after } of changes) {
      const isNew = before !== null || makesTables.has(delta.command)
      this.#problems.check(isNew, () => `${after.schema}.${after.name} is told of by ${delta.command} first`)
    }
    this.#nameAll()
    return changes
  }

  /** A table that is too large for one part has some of its columns in each. */
  #collect(table: TableSchema): void {
    const at = this.#parts.findIndex(({ pgstream_id }) => pgstream_id === table.pgstream_id)
    const begun = this.#parts[at]
    if (begun) this.#parts[at] = { ...table, columns: [...begun.columns, ...table.columns] }
    else this.#parts.push(table)
  }

  #renameSchema(from: string, to: string): void {
    this.#problems.check(this.schemas.delete(from), () => `the unknown schema ${from} is now ${to}`)
    for (const table of this.all) {
      if (table.schema === from) this.#byId.set(table.pgstream_id, { ...table, schema: to })
    }
  }

  #leave(schema: string, id: string, name: string): void {
    const known = this.#byId.get(id)
    if (known?.schema !== schema || known.name !== name) {
      this.#problems.add(
        `${schema}.${name} was dropped, which is ${known ? `${known.schema}.${known.name}` : 'unknown'}`,
      )
      return
    }
    this.#byId.delete(id)
    this.#leaving.set(id, known)
  }

  #describe(described: KnownTable, addsIndexes: boolean): TableChange {
    const id = described.pgstream_id
    const before = this.#byId.get(id) ?? this.#leaving.get(id) ?? null
    const sameTable = before === null || before.oid === described.oid
    this.#problems.check(sameTable, () => `${described.name} has the id of a table with another oid`)
    this.#leaving.delete(id)
    const after = before && addsIndexes ? withIndexes(before, described) : described
    this.#byId.set(id, after)
    return { before, after }
  }

  #nameAll(): void {
    this.#byName = new Map()
    for (const table of this.#byId.values()) {
      const name = `${table.schema}\0${table.name}`
      this.#problems.check(
        !this.#byName.has(name),
        () => `two tables are called ${table.schema}.${table.name}`,
      )
      this.#byName.set(name, table)
    }
  }
}

/** Indexes that are made at the same time do not see each other. */
const withIndexes = (before: KnownTable, { unique_indexes: added, columns }: TableSchema): KnownTable => ({
  ...before,
  unique_indexes: [
    ...before.unique_indexes.filter((known) => !added.some((index) => isSame(index.columns, known.columns))),
    ...added,
  ],
  columns: before.columns.map((column) => ({
    ...column,
    unique: column.unique || columns.some(({ name, unique }) => unique && name === column.name),
  })),
})
