import { qualifiedName } from '../wal/known-tables.ts'
import type { ChangePlace } from '../wal/renamed-schemas.ts'
import type { SourceKnowledge } from './source-knowledge.ts'
import type { Wal2jsonScanner } from './wal2json-scanner.ts'
import { Wal2jsonTable } from './wal2json-table.ts'
import type { TableMemory } from './wal2json-table.ts'

const schemaKey = Buffer.from(',"schema":')
const tableKey = Buffer.from(',"table":')

/** Finds the table that a line is about, as the schema log knows it at this place of the stream. */
export class Wal2jsonTables {
  readonly #knowledge: SourceKnowledge
  /** By the bytes that name them; null for what is no table. */
  readonly #tables = new Map<string, Wal2jsonTable | null>()
  #version = 0
  readonly #memories = new WeakMap<object, TableMemory>()
  /** Bulk changes are of one table. */
  #last: { readonly named: Buffer; readonly table: Wal2jsonTable | null } | undefined

  constructor(knowledge: SourceKnowledge) {
    this.#knowledge = knowledge
  }

  /** Moves the scanner behind the name of the table of this change. */
  next(scanner: Wal2jsonScanner, change: ChangePlace): Wal2jsonTable | null {
    if (this.#version !== this.#knowledge.tables.version) {
      this.#version = this.#knowledge.tables.version
      this.#tables.clear()
      this.#last = undefined
    }
    // a few rows of a transaction that was open then
    const isOld = this.#knowledge.tables.isRenamedSince(change)
    if (!isOld && this.#last && scanner.take(this.#last.named)) return this.#last.table
    const from = scanner.at
    scanner.expect(schemaKey)
    scanner.string()
    const schema = scanner.text()
    scanner.expect(tableKey)
    scanner.string()
    const name = scanner.text()
    if (isOld) return this.#open(schema, name, change)
    const named = Buffer.from(scanner.bytes.subarray(from, scanner.at))
    const key = named.toString('latin1')
    let table = this.#tables.get(key)
    if (table === undefined) {
      table = this.#open(schema, name)
      this.#tables.set(key, table)
    }
    this.#last = { named, table }
    return table
  }

  #open(schema: string, name: string, change?: ChangePlace): Wal2jsonTable | null {
    const { tables, types, materializedViews } = this.#knowledge
    const known = tables.find(schema, name, change)
    // a table may have had the name before the view, or have got it since
    if (!known && materializedViews.has(qualifiedName(schema, name))) return null
    return new Wal2jsonTable({ schema: known?.schema ?? schema, name, known }, this.#memoryOf(known), types)
  }

  #memoryOf(known: object | undefined): TableMemory {
    const memory = (known && this.#memories.get(known)) ?? {}
    if (known) this.#memories.set(known, memory)
    return memory
  }
}
