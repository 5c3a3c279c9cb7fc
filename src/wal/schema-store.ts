import type { SchemaLogEntry } from './schema-log.ts'
import type { Lsn } from './lsn.ts'
import type { Relation } from './relation.ts'
import type { Row } from './value.ts'

/** An entry as the row of `pgstream.schema_log` that it is; `values` are aligned with `schemaLogColumns`. */
export interface StoredEntry {
  readonly entry: SchemaLogEntry
  readonly values: Row
}

/** Takes an entry that counts as known; one that is only assumed may be still to come in the stream. */
export type TakeKnownEntry = (entry: SchemaLogEntry, assumed: boolean) => void

/** Where in the stream the commit of an entry ended. */
export interface Mark {
  readonly entry: SchemaLogEntry
  readonly commitEnd: Lsn
}

/** A transaction in the stream. */
export interface TransactionPlace {
  readonly commitLsn: Lsn
  readonly xid: number
}

/**
 * Where the schema log of a source is kept, with the place in the stream of each entry: its mark.
 *
 * Each call waits as long as it takes while the store cannot be reached, and says so in the log; a signal that is
 * aborted ends the waiting. A rejection says why waiting would not help.
 */
export interface SchemaStore {
  /** Connects, and looks whether everything is there and allowed. A store that never was reached may be an error here. */
  open(signal: AbortSignal): Promise<void>
  /**
   * Gives the entries that were committed before the transaction with this commit record, in their order. `start` is
   * called for what is to take them, and again when the reading had to begin again: then everything taken so far is void.
   * @returns a place: a transaction whose commit record lies behind it was not assumed.
   */
  readState(commitLsn: Lsn, start: () => TakeKnownEntry, signal: AbortSignal): Promise<Lsn>
  /**
   * The lowest entry that was not committed before this transaction and describes the table with these columns; all
   * parts of it. One is made where there is none. Nothing if the table is gone from the source.
   */
  define(relation: Relation, place: TransactionPlace, signal: AbortSignal): Promise<readonly StoredEntry[]>
  /** Remembers these, for ever; may be told again. */
  mark(marks: readonly Mark[], signal: AbortSignal): Promise<void>
  /** Lets go of the connection. */
  close(): Promise<void>
}

/** A source that has such a store: a translator that is piped from it uses that. */
export interface HasSchemaStore {
  readonly schemaStore: SchemaStore
}
