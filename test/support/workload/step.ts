/** One statement of one of the sessions that take turns. Steps run one after the other. */
export interface Step {
  readonly session: number
  readonly sql: string
  /** What it does to the transaction of its session. */
  readonly control?: 'begin' | 'commit' | 'rollback' | 'prepare' | 'savepoint' | 'rollback to' | 'release'
  /** The data of a COPY … FROM STDIN. */
  readonly copy?: string
  /** Might violate a constraint or find a lock taken; a transaction goes on without it. */
  readonly mayFail?: boolean
  /** The rows that the command says it affected are as many events of this kind; `unknown` where it does not say. */
  readonly rows?: RowKind | 'unknown'
}

export type RowKind = 'insert' | 'update' | 'delete'

export interface WorkloadOptions {
  /** Sessions that take turns. Default: 1 to 4, by the seed. */
  readonly sessions?: number
  /** Rough number of statements after the first tables are there. Default 80. */
  readonly length?: number
  /** Of the server: newer ones have more statements. */
  readonly major?: number
  /** hstore and citext are in the schema public. Default: false. */
  readonly extensions?: boolean
  /** Transactions can be prepared, under names that begin so. */
  readonly preparedPrefix?: string
  /** Share of statements that are DDL. Default: 0.1 to 0.5, by the seed. */
  readonly ddl?: number
  /** Most tables have a key at all times. Default: false. */
  readonly keyed?: boolean
}
