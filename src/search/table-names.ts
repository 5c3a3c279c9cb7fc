import { qualifiedName } from '../wal/known-tables.ts'
import { goneField, namesOf } from './index-mapping.ts'
import type { Mapper, StoreAbilities } from './index-mapping.ts'
import type { IndexedTable } from './indexed-table.ts'

export interface TableNamesOptions {
  readonly abilities: StoreAbilities
  readonly mapper?: Mapper | undefined
  /** Whether the table of an id, which has a name, came to it later than what is learned now. */
  readonly isNewer: (tableId: string) => boolean
}

/** `table.column`, and the field where it leads to. */
export type Names = ReadonlyMap<string, string>

const none: Names = new Map()

/** Whose the names are that begin with the name of a table: it may have been another's, or be another's later. */
export class TableNames {
  readonly #options: TableNamesOptions
  readonly #owners = new Map<string, string>()

  constructor(options: TableNamesOptions) {
    this.#options = options
  }

  owns(table: IndexedTable): boolean {
    return this.#owners.get(nameOf(table)) === table.id
  }

  /** It had them before, unless another one is known to. */
  keep(table: IndexedTable): void {
    if (!this.#owners.has(nameOf(table))) this.#owners.set(nameOf(table), table.id)
  }

  /** They lead to its fields. What comes again does not take a name from a table that came to it later. */
  take(table: IndexedTable): Names {
    const owner = this.#owners.get(nameOf(table)) ?? table.id
    if (owner !== table.id && this.#options.isNewer(owner)) return none
    this.#owners.set(nameOf(table), table.id)
    return new Map(this.#namesOf(table))
  }

  /** Those that it has lead nowhere. */
  leave(table: IndexedTable): Names {
    if (!this.owns(table)) return none
    this.#owners.delete(nameOf(table))
    return new Map(this.#namesOf(table).map(([name]) => [name, goneField]))
  }

  #namesOf(table: IndexedTable): [name: string, field: string][] {
    const { abilities, mapper } = this.#options
    return table.columns.flatMap((column) => namesOf(table.name, column, abilities, mapper))
  }
}

const nameOf = ({ schema, name }: IndexedTable): string => qualifiedName(schema, name)
