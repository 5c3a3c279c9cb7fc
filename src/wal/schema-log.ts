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
  /** The command tag, such as `ALTER TABLE`. */
  readonly command: string
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
  /** The schema was called so before. */
  readonly renamed_from?: string
  /** A large entry is cut: part 1 of 3 and so on. */
  readonly part?: number
  readonly parts?: number
}

export interface TableSchema {
  /** A string, as Postgres' jsonb prints an oid. */
  readonly oid: string
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

/** A valid, immediate unique index over plain columns without a predicate. */
export interface UniqueIndex {
  readonly oid: string
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
  readonly default: string | null
  readonly nullable: boolean
  /** `''`, `'stored'` or `'virtual'`. */
  readonly generated: string
  readonly identity: string
  /** Alone in a unique index that is not partial, valid and immediate. */
  readonly unique: boolean
  /** The column's comment. */
  readonly metadata: string | null
}
