import { EntryParts } from '../wal/entry-parts.ts'
import type { ReplicaIdentity } from '../wal/relation.ts'
import type { SchemaLogEntry, TableSchema } from '../wal/schema-log.ts'
import { RenamedSchemas } from './renamed-schemas.ts'
import { snapshotSees } from './snapshot.ts'

export interface KnownColumn {
  readonly name: string
  readonly type: string
  readonly key: boolean
  /** Computed when it is read: no row has it. */
  readonly virtual: boolean
}

export interface KnownTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly replicaIdentity: ReplicaIdentity
  /** Its rows are those of its partitions. */
  readonly partitioned: boolean
  readonly columns: readonly KnownColumn[]
}

/** What was known of a table, and from which transaction. */
interface Known {
  readonly table: KnownTable | undefined
  readonly toldBy: bigint
}

/** As many tables that are gone are remembered, lest an entry made from an older view brings them back. */
const longestMemory = 10_000

/**
 * The tables of a database at one place in the stream, as the entries of the schema log before it describe them. Takes
 * entries in the order of the stream, or of their versions. One object per table, as long as it stays the same.
 */
export class KnownTables {
  readonly #parts = new EntryParts()
  readonly #byOid = new Map<number, Known>()
  readonly #byName = new Map<string, KnownTable>()
  readonly #gone = new Set<number>()
  /** Of transactions whose entries may come again: what was before them. */
  readonly #assumed = new Map<number, Map<number, Known | undefined>>()
  readonly #schemas = new RenamedSchemas()
  #version = 0

  /** Another number whenever something else is known. */
  get version(): number {
    return this.#version
  }

  /** By the name of its schema, or the one that it had before. */
  find(schema: string, name: string): KnownTable | undefined {
    return (
      this.#byName.get(qualifiedName(schema, name)) ??
      this.#byName.get(qualifiedName(this.#schemas.nameNow(schema), name))
    )
  }

  /** A table that no entry describes. */
  add(table: KnownTable): void {
    this.#put(table.oid, { table, toldBy: 0n })
  }

  learn(entry: SchemaLogEntry): void {
    this.#learn(entry)
  }

  /** Learns an entry of a transaction whose commit may, or may not, be still to come in the stream. */
  assume(entry: SchemaLogEntry): void {
    const xid = Number(BigInt.asUintN(32, BigInt(entry.schema.xid)))
    const before = this.#assumed.get(xid) ?? new Map<number, Known | undefined>()
    this.#assumed.set(xid, before)
    this.#learn(entry, before)
  }

  /** The transaction comes: what was assumed of it is forgotten. */
  begin(xid: number): void {
    const before = this.#assumed.get(xid)
    if (!before) return
    this.#assumed.delete(xid)
    for (const [oid, known] of before) this.#put(oid, known)
  }

  #learn(part: SchemaLogEntry, before?: Map<number, Known | undefined>): void {
    const entry = this.#parts.add(part)
    if (!entry) return
    this.#schemas.learn(entry)
    const { schemaName, schema } = entry
    const toldBy = BigInt(schema.xid)
    const tell = (oid: number, table: KnownTable | undefined): void => {
      const last = this.#byOid.get(oid)
      if (last && last.toldBy !== toldBy && !snapshotSees(schema.snapshot, last.toldBy)) return
      if (before && !before.has(oid)) before.set(oid, last)
      this.#put(oid, { table, toldBy })
    }
    if (schema.dropped) for (const { oid } of this.#tablesOf(schemaName)) tell(oid, undefined)
    if (schema.renamed_from !== undefined) {
      for (const table of this.#tablesOf(schema.renamed_from))
        tell(table.oid, { ...table, schema: schemaName })
    }
    for (const { oid } of schema.dropped_tables) {
      // a table that moved to another schema may have been described there already
      if (this.#byOid.get(Number(oid))?.table?.schema === schemaName) tell(Number(oid), undefined)
    }
    for (const table of schema.tables) tell(Number(table.oid), describe(schemaName, table))
  }

  #tablesOf(schema: string): KnownTable[] {
    return [...this.#byName.values()].filter((table) => table.schema === schema)
  }

  #put(oid: number, known: Known | undefined): void {
    const before = this.#byOid.get(oid)?.table
    const table = isSame(before, known?.table) ? before : known?.table
    if (known) this.#byOid.set(oid, { ...known, table })
    else this.#byOid.delete(oid)
    if (table === before) return
    this.#version++
    if (before) {
      const name = qualifiedName(before.schema, before.name)
      if (this.#byName.get(name) === before) this.#byName.delete(name)
    }
    this.#gone.delete(oid)
    if (table) this.#byName.set(qualifiedName(table.schema, table.name), table)
    else this.#forgetLater(oid)
  }

  #forgetLater(oid: number): void {
    this.#gone.add(oid)
    if (this.#gone.size <= longestMemory) return
    const [oldest] = this.#gone
    this.#gone.delete(oldest!)
    this.#byOid.delete(oldest!)
  }
}

/** One name for a table of a schema. */
export const qualifiedName = (schema: string, name: string): string => `${schema}\0${name}`

const isSame = (a: KnownTable | undefined, b: KnownTable | undefined): boolean =>
  a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b)

function describe(schema: string, table: TableSchema): KnownTable {
  const keys = new Set(table.identity_columns)
  return {
    oid: Number(table.oid),
    schema,
    name: table.name,
    replicaIdentity: table.replica_identity,
    partitioned: table.partitioned ?? false,
    columns: table.columns.map(({ name, type, generated }) => ({
      name,
      type,
      key: keys.has(name),
      virtual: generated === 'virtual',
    })),
  }
}
