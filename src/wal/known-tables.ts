import { EntryParts } from './entry-parts.ts'
import type { Lsn } from './lsn.ts'
import { RenamedSchemas } from './renamed-schemas.ts'
import type { Relation } from './relation.ts'
import type { ChangePlace } from './renamed-schemas.ts'
import type { SchemaLogEntry, TableSchema } from './schema-log.ts'
import { snapshotSees } from './snapshot.ts'

/** What everybody who merges entries keeps of a table at least. */
export interface NamedTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
}

/** What an entry says of one of its tables. */
export interface ToldTable<T> {
  readonly entry: SchemaLogEntry
  readonly table: TableSchema
  /** What was known of it. */
  readonly before: T | undefined
  /** Only its unique indexes are news, and they are to be added to those known. Then there is a `before`. */
  readonly addsIndexes: boolean
}

/** Makes of it what is to be kept; `before` itself where nothing of that has changed. */
export type DescribeTable<T> = (told: ToldTable<T>) => T

/** What was known of a table, and from which transaction. */
interface Known<T> {
  readonly table: T | undefined
  readonly toldBy: bigint
  /** The last one that had locked the table for it. */
  readonly lockedBy: bigint
}

/** Their entries describe tables that nobody holds. */
const lockFree: ReadonlySet<string> = new Set(['REFRESH', 'ALTER TYPE', 'ALTER DOMAIN', 'ALTER SCHEMA'])

/** As many tables that are gone are remembered, lest an entry made from an older view brings them back. */
const longestMemory = 10_000

/**
 * The tables of a database at one place in the stream, as the entries of the schema log before it describe them. Takes
 * entries in the order of the stream. One object per table, as long as what is kept of it stays the same.
 */
export class KnownTables<T extends NamedTable> {
  readonly #describe: DescribeTable<T>
  readonly #isNewer: (oid: number) => boolean
  readonly #parts = new EntryParts()
  readonly #byOid = new Map<number, Known<T>>()
  readonly #byName = new Map<string, T>()
  readonly #gone = new Set<number>()
  /** Of transactions whose entries may come again: what was before them. */
  readonly #assumed = new Map<number, Map<number, Known<T> | undefined>>()
  readonly #schemas = new RenamedSchemas()
  #version = 0

  /** `isNewer`: whether what is known of a table is newer than the entry that is being learned, which comes again. */
  constructor(describe: DescribeTable<T>, isNewer: (oid: number) => boolean = () => false) {
    this.#describe = describe
    this.#isNewer = isNewer
  }

  /** Another number whenever something else is known. */
  get version(): number {
    return this.#version
  }

  /** Whether the begin of a transaction could change what is known. */
  get hasAssumed(): boolean {
    return this.#assumed.size > 0
  }

  get(oid: number): T | undefined {
    return this.#byOid.get(oid)?.table
  }

  /** Whether names at this place in the WAL may have been another table's. */
  isRenamedSince(change: ChangePlace): boolean {
    return this.#schemas.isRenamedSince(change)
  }

  /** What the schema of an entry is called here: another transaction may have renamed it meanwhile. */
  schemaIn(entry: SchemaLogEntry): string {
    return entry.schema.renamed_from === undefined ? this.#schemas.nameIn(entry) : entry.schemaName
  }

  /** What the schema of a table is called that no entry before this place describes, and that the stream calls so. */
  schemaOf({ oid, schema }: Relation, change: ChangePlace): string {
    return this.get(oid)?.schema ?? this.#schemas.nameOf(schema, change)
  }

  /** By the name of its schema, or the one that it had before; `change`: the one that calls it so. */
  find(schema: string, name: string, change?: ChangePlace): T | undefined {
    if (change && this.isRenamedSince(change))
      return this.#byName.get(qualifiedName(this.#schemas.nameOf(schema, change), name))
    return (
      this.#byName.get(qualifiedName(schema, name)) ??
      this.#byName.get(qualifiedName(this.#schemas.nameNow(schema), name))
    )
  }

  /** A table that no entry describes, or none that has passed. Every entry to come knows better. */
  add(table: T): void {
    this.#put(table.oid, { table, toldBy: 0n, lockedBy: 0n })
  }

  /** `commitLsn`: of its transaction, where that is known. */
  learn(entry: SchemaLogEntry, commitLsn?: Lsn): void {
    this.#learn(entry, undefined, commitLsn)
  }

  /** Learns an entry of a transaction whose commit may, or may not, be still to come in the stream. */
  assume(entry: SchemaLogEntry): void {
    const xid = Number(BigInt.asUintN(32, BigInt(entry.schema.xid)))
    const before = this.#assumed.get(xid) ?? new Map<number, Known<T> | undefined>()
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

  /** None of the assumed transactions will come any more. */
  settle(): void {
    this.#assumed.clear()
  }

  #learn(part: SchemaLogEntry, before?: Map<number, Known<T> | undefined>, commitLsn?: Lsn): void {
    const whole = this.#parts.add(part)
    if (!whole) return
    this.#schemas.learn(whole, commitLsn)
    const { schema } = whole
    const schemaName = this.schemaIn(whole)
    const entry = schemaName === whole.schemaName ? whole : { ...whole, schemaName }
    const toldBy = BigInt(schema.xid)
    const isLocked = !lockFree.has(schema.command)
    const put = (oid: number, known: Known<T>): void => {
      if (before && !before.has(oid)) before.set(oid, this.#byOid.get(oid))
      this.#put(oid, known)
    }
    const tell = (oid: number, now: (before: T | undefined) => T | undefined): void => {
      if (this.#isNewer(oid)) return
      const last = this.#byOid.get(oid)
      const isUnseen = (xid: bigint): boolean => xid !== toldBy && !snapshotSees(schema.snapshot, xid)
      // who holds the table knows it: no matter what was described from outside meanwhile, without what it has done
      if (last && (isUnseen(last.lockedBy) || (!isLocked && isUnseen(last.toldBy)))) return
      put(oid, { table: now(last?.table), toldBy, lockedBy: isLocked ? toldBy : (last?.lockedBy ?? 0n) })
    }
    const gone = (): undefined => undefined
    if (schema.dropped) for (const { oid } of this.#tablesOf(schemaName)) tell(oid, gone)
    if (schema.renamed_from !== undefined) {
      // nothing but a name: who changes a table meanwhile need not have seen it, and has not to be seen by it
      for (const table of this.#tablesOf(schema.renamed_from)) {
        if (this.#isNewer(table.oid)) continue
        put(table.oid, { ...this.#byOid.get(table.oid)!, table: { ...table, schema: schemaName } })
      }
    }
    for (const { oid } of schema.dropped_tables) {
      // a table that moved to another schema may have been described there already
      if (this.get(Number(oid))?.schema === schemaName) tell(Number(oid), gone)
    }
    for (const table of schema.tables) {
      const oid = Number(table.oid)
      const last = this.#byOid.get(oid)
      if (schema.adds_indexes && last?.table && !this.#isNewer(oid)) {
        // several that do not see each other add theirs: nobody's view is out of date
        const now = this.#describe({ entry, table, before: last.table, addsIndexes: true })
        put(oid, { ...last, table: now })
      } else {
        tell(oid, (known) => this.#describe({ entry, table, before: known, addsIndexes: false }))
      }
    }
  }

  #tablesOf(schema: string): T[] {
    return [...this.#byName.values()].filter((table) => table.schema === schema)
  }

  #put(oid: number, known: Known<T> | undefined): void {
    const before = this.get(oid)
    const table = known?.table
    if (known) this.#byOid.set(oid, known)
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
