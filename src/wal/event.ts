import type { Lsn } from './lsn.ts'
import type { Position } from './position.ts'
import type { Relation } from './relation.ts'
import type { Row } from './value.ts'
import type { SchemaLogEntry } from './schema-log.ts'

/** What every change knows about the transaction that made it. `(commitLsn, ordinal)` names it for ever. */
interface Change {
  /** Where the commit record starts: orders transactions, but is no place to resume at. */
  readonly commitLsn: Lsn
  /**
   * Place among the changes of its transaction, from 0; gaps are possible. Negative for an entry of the schema log that the
   * translator put before a row which needs it, and that does not come again at its own place.
   */
  readonly ordinal: number
  /** Of the change itself: orders two states of one row; neither unique nor rising along the stream. */
  readonly lsn: Lsn
  readonly xid: number
  /** Microseconds since 1970-01-01 UTC. */
  readonly commitTime: number
  /** Where the source can resume after this change; a slot can do so after commits only. */
  readonly position: Position | null
  /** What the translator added: stable ids, identity, version. */
  readonly translation: Translation | null
}

export interface InsertEvent extends Change {
  readonly kind: 'insert'
  readonly relation: Relation
  readonly values: Row
  /**
   * A row that was there before, read by a backfill and not from the WAL. Its `lsn` is older than every change of the row
   * that follows in the stream; `commitLsn` is the place where it was put into the stream, `xid` 0, `commitTime` when it
   * was read. The destination may have it already.
   */
  readonly snapshot?: true
}

export interface UpdateEvent extends Change {
  readonly kind: 'update'
  readonly relation: Relation
  /** The new row; `unchangedToast` where Postgres did not send a large value that did not change. */
  readonly values: Row
  /**
   * The old row: null where Postgres did not send it, because the key did not change (one that is there need not differ).
   * Only key columns count, unless the identity is full.
   */
  readonly old: Row | null
}

export interface DeleteEvent extends Change {
  readonly kind: 'delete'
  readonly relation: Relation
  /** Only key columns count, unless the identity is full. */
  readonly old: Row
}

/** One per table that was emptied; CASCADE has its own for each table it reached. */
export interface TruncateEvent extends Change {
  readonly kind: 'truncate'
  readonly relation: Relation
}

/** An entry of `pgstream.schema_log`: a DDL command changed the tables it names. */
export interface SchemaChangeEvent extends Change {
  readonly kind: 'schema-change'
  readonly relation: Relation
  readonly values: Row
  readonly entry: SchemaLogEntry
}

/**
 * A message of `pg_logical_emit_message`; `lsn` is the end of its record. A non-transactional one belongs to no
 * transaction: its `commitLsn` is the byte before `lsn` (a commit record may start at `lsn`), `xid` and `commitTime` are 0.
 */
export interface MessageEvent extends Change {
  readonly kind: 'message'
  readonly transactional: boolean
  readonly prefix: string
  readonly content: Buffer
}

/** The end of a transaction; once it is durable, the source may forget everything up to `position`. */
export interface CommitEvent {
  readonly kind: 'commit'
  readonly commitLsn: Lsn
  readonly xid: number
  readonly commitTime: number
  readonly position: Position
}

/** The source had nothing to say up to `position`. */
export interface KeepaliveEvent {
  readonly kind: 'keepalive'
  readonly position: Position
}

export type RowEvent = InsertEvent | UpdateEvent | DeleteEvent | TruncateEvent
export type ChangeEvent = RowEvent | SchemaChangeEvent | MessageEvent
/** Carries a position and nothing else. */
export type PositionEvent = CommitEvent | KeepaliveEvent
export type WalEvent = ChangeEvent | PositionEvent

/**
 * What the translator knows of a table at the event's place. One object for all rows of one shape, until an entry of the
 * schema log describes the table anew: whatever depends on it can be kept by it.
 */
export interface Translation {
  /** Of the entry of the schema log that described the table last. */
  readonly schemaId: string | null
  /** Stable for the table's lifetime, over renames and changes of schema. */
  readonly tableId: string
  /** Aligned with `relation.columns`: `<table id>-<attnum>`, stable over renames; `''` for one that no entry knows. */
  readonly columnIds: readonly string[]
  /** Of the columns whose values tell the table's rows apart, in key order; null where nothing does. */
  readonly identityColumnIds: readonly string[] | null
  /** Of the column that orders the states of a row; `''` for the event's `lsn`. */
  readonly versionColumnId: string
}

export const isPositionOnly = (event: { readonly kind: string }): event is PositionEvent =>
  event.kind === 'commit' || event.kind === 'keepalive'
