/** What identifies a row of a table in updates and deletes (`pg_class.relreplident`). */
export type ReplicaIdentity = 'default' | 'index' | 'full' | 'nothing'

export interface Column {
  readonly name: string
  /** As `format_type` prints it: `integer`, `character varying(20)`, `shop.colour[]`. */
  readonly type: string
  readonly typeOid: number
  /** Belongs to the replica identity: its value is known for the old row, too. */
  readonly key: boolean
}

/**
 * The shape of a table's rows at one place in the stream. One object per shape, shared by all rows that have it and
 * never changed: whatever depends on the shape can be kept in a WeakMap by it.
 */
export interface Relation {
  /** 0 where the source does not say. */
  readonly oid: number
  readonly schema: string
  readonly table: string
  readonly replicaIdentity: ReplicaIdentity
  readonly columns: readonly Column[]
}
