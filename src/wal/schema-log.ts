/** The schema that init makes. Changes of its tables are no events, but new entries of its schema log. */
export const ownSchema = 'pgstream'
export const schemaLogTable = 'schema_log'

/** The columns of that table, with their types as a stream of changes names them. */
export const schemaLogColumns = [
  { name: 'id', type: 'pgstream.xid' },
  { name: 'version', type: 'bigint' },
  { name: 'schema_name', type: 'text' },
  { name: 'schema', type: 'jsonb' },
  { name: 'created_at', type: 'timestamp without time zone' },
  { name: 'acked', type: 'boolean' },
] as const

/** An entry of `pgstream.schema_log`: the tables of one schema that one command changed, each described completely. */
export interface SchemaLogEntry {
  readonly id: string
  /** A label that rises; the order of entries is that of the stream. */
  readonly version: number
  readonly schemaName: string
  /** As Postgres printed it, in UTC. */
  readonly createdAt: string
  readonly schema: SchemaDelta
}

export interface SchemaDelta {
  /** The command tag, such as `ALTER TABLE`; `REFRESH` where tables were described without being changed. */
  readonly command: string
  /** The transaction that wrote the entry, in 64 bits. */
  readonly xid: string
  /**
   * How far the WAL had been written when the entry was made: its own place, and the commit, come later. By then the
   * command held its locks: whoever changed rows of its tables before had committed.
   */
  readonly lsn: string
  /**
   * What that transaction could see when it looked at the tables, as `pg_current_snapshot()` prints it. Entries of REFRESH
   * and ALTER TYPE are made without a lock on their tables, and those of a REPEATABLE READ transaction from an old view:
   * what such an entry says of a table is out of date when an earlier one, of a transaction that is not in its snapshot,
   * has described or dropped that table.
   */
  readonly snapshot: string
  /** Affected tables as they are after the command. */
  readonly tables: readonly TableSchema[]
  /** Tables that are gone from this schema (dropped, or moved to another). */
  readonly dropped_tables: readonly {
    readonly pgstream_id: string
    readonly oid: string
    readonly name: string
  }[]
  /** The whole schema was dropped. */
  readonly dropped?: boolean
  /** The schema was called so before; its tables moved with it and are not listed. */
  readonly renamed_from?: string
  /**
   * Written beside others that add indexes to the same tables and cannot be seen yet: `unique_indexes`, and columns that
   * are `unique`, are to be added to those known. Otherwise they replace them.
   */
  readonly adds_indexes?: boolean
  /**
   * A large entry is cut: part 1 of 3 and so on, entries of one transaction one after the other. A table too large for
   * one part goes on in the next: everything but `columns` is repeated.
   */
  readonly part?: number
  readonly parts?: number
}

export interface TableSchema {
  /** A string, as Postgres' jsonb prints an oid. */
  readonly oid: string
  /** Its rows are those of its partitions. */
  readonly partitioned?: boolean
  readonly pgstream_id: string
  readonly name: string
  readonly columns: readonly ColumnSchema[]
  /** In key order. */
  readonly primary_key_columns: readonly string[]
  /** The primary key can be deferred: it identifies rows, but Postgres takes no replica identity from it. */
  readonly primary_key_deferrable: boolean
  readonly replica_identity: 'default' | 'index' | 'full' | 'nothing'
  /** The columns that name a row in updates and deletes, in key order; all of them when the identity is full. */
  readonly identity_columns: readonly string[]
  readonly unique_indexes: readonly UniqueIndex[]
}

/**
 * Columns with a valid, immediate unique index that has neither expressions nor a predicate; once, however many indexes
 * they have. They are what tells one from another when entries are merged: the indexes themselves come and go without an
 * entry.
 */
export interface UniqueIndex {
  /** In the order of the index. */
  readonly columns: readonly string[]
}

export interface ColumnSchema {
  /** `<table id>-<attnum>`: stable over renames. */
  readonly pgstream_id: string
  readonly name: string
  /** As `format_type` prints it. */
  readonly type: string
  /** The type below a domain, as `format_type` prints it; equals `type` otherwise. */
  readonly base_type: string
  readonly kind: 'base' | 'enum' | 'range' | 'multirange' | 'composite' | 'array' | 'pseudo'
  /**
   * The expression, of a generated column the one that makes it; no more than its first 4,000 characters. Null for a
   * generated column, too, while somebody else was altering the table: their entry follows.
   */
  readonly default: string | null
  readonly nullable: boolean
  /** `''`, `'stored'` or `'virtual'`. */
  readonly generated: string
  /** `''`, `'always'` or `'by default'`. */
  readonly identity: string
  /** Alone in a unique index that is not partial, valid and immediate. */
  readonly unique: boolean
  /** The column's comment, no more than its first 4,000 characters. */
  readonly metadata: string | null
}
