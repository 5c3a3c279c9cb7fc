import type { ChangeEvent, CommitEvent, RowEvent, SchemaChangeEvent } from '../wal/event.ts'
import { EntryParts } from '../wal/entry-parts.ts'
import { KnownTables } from '../wal/known-tables.ts'
import { lsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { Relation } from '../wal/relation.ts'
import type { SchemaLogEntry } from '../wal/schema-log.ts'
import type { Mark, SchemaStore, StoredEntry } from '../wal/schema-store.ts'
import { describeTable } from './described-table.ts'
import type { DescribedTable } from './described-table.ts'

/**
 * The tables of the source as they are at the place of the event that passes: what the store says of the time before the
 * first transaction, and what the entries that have passed since say. Without a store, those are all that is known.
 */
export class SchemaAtPosition {
  readonly #store: SchemaStore | undefined
  readonly #signal: AbortSignal
  #tables = new KnownTables(describeTable)
  #isRead: boolean
  /** Transactions behind it were not assumed. */
  #assumedUntil: Lsn | null = null
  #commitLsn: Lsn | null = null
  /** Of the transaction that passes. */
  #entries: SchemaLogEntry[] = []
  /** Entries that were given before their place, by id. */
  readonly #given = new Set<string>()

  constructor(store: SchemaStore | undefined, signal: AbortSignal) {
    this.#store = store
    this.#signal = signal
    this.#isRead = store === undefined
  }

  /** Another number whenever something else is known. */
  get version(): number {
    return this.#tables.version
  }

  /** Whether `begin` has something to do before this change. */
  needsBegin(event: ChangeEvent): boolean {
    return !this.#isRead || (this.#assumedUntil !== null && event.commitLsn !== this.#commitLsn)
  }

  /** Is told of the first change of each transaction. */
  async begin({ commitLsn, xid }: ChangeEvent): Promise<void> {
    if (!this.#isRead) await this.#read(commitLsn)
    if (this.#assumedUntil === null || commitLsn === this.#commitLsn) return
    this.#commitLsn = commitLsn
    this.#tables.begin(xid)
    if (commitLsn <= this.#assumedUntil && this.#tables.hasAssumed) return
    this.#tables.settle()
    this.#assumedUntil = null
  }

  async #read(commitLsn: Lsn): Promise<void> {
    const start = (): ((entry: SchemaLogEntry, assumed: boolean) => void) => {
      const tables = (this.#tables = new KnownTables(describeTable))
      return (entry, assumed) => (assumed ? tables.assume(entry) : tables.learn(entry))
    }
    this.#assumedUntil = await this.#store!.readState(commitLsn, start, this.#signal)
    this.#isRead = true
  }

  /** What is known of the table that has these rows here. */
  known({ oid, schema, table: name }: Relation): DescribedTable | undefined {
    return oid === 0 ? this.#tables.find(schema, name) : this.#tables.get(oid)
  }

  /**
   * Learns of the table from an entry whose place is still to come.
   * @returns the parts of it that were not given before, to be handed on before the row; nothing if there is no entry.
   */
  async define(event: RowEvent): Promise<readonly StoredEntry[]> {
    if (!this.#store) return []
    const { relation, commitLsn, xid } = event
    const found = await this.#store.define(relation, { commitLsn, xid }, this.#signal)
    const parts = new EntryParts()
    for (const { entry } of found) {
      const whole = parts.add(entry)
      const table = whole?.schema.tables.find(
        ({ oid, name }) => name === relation.table && (relation.oid === 0 || Number(oid) === relation.oid),
      )
      if (!whole || !table) continue
      // it may be renamed between here and there
      const here = { ...whole, schemaName: this.#tables.schemaOf(relation, event) }
      this.#tables.add(describeTable({ entry: here, table, before: undefined, addsIndexes: false }))
    }
    const news = found.filter(({ entry }) => !this.#given.has(entry.id))
    for (const { entry } of news) this.#given.add(entry.id)
    return news
  }

  /** What the schema of an entry that passes is called here. */
  schemaIn({ entry }: SchemaChangeEvent): string {
    return this.#tables.schemaIn(entry)
  }

  /** Learns from an entry that passes; false if it was given before its place. */
  learn({ entry }: SchemaChangeEvent): boolean {
    this.#tables.learn(entry)
    if (this.#store) this.#entries.push(entry)
    return !this.#given.delete(entry.id)
  }

  /** Whether entries have passed since the last commit. */
  get hasEntries(): boolean {
    return this.#entries.length > 0
  }

  /** The marks of the entries of the transaction: to be written before the commit is handed on. */
  commit({ position }: CommitEvent): readonly Mark[] {
    const entries = this.#entries
    this.#entries = []
    return entries.map((entry) => ({ entry, commitEnd: lsn(position.offset) }))
  }
}
