import type { ColumnSchema, TableSchema } from '../wal/schema-log.ts'
import { columnType } from './field-kind.ts'
import type { ColumnType, FieldKind } from './field-kind.ts'
import type { MappedColumn } from './index-mapping.ts'

export interface IndexedColumn extends MappedColumn {
  /** `<table id>-<attnum>` */
  readonly id: string
  readonly isList: boolean
  readonly base: string
}

/** A table as its documents are kept. Never changed: another object stands for another state. */
export interface IndexedTable {
  readonly oid: number
  /** Of its lifetime, over renames. */
  readonly id: string
  readonly schema: string
  readonly name: string
  readonly columns: readonly IndexedColumn[]
  /**
   * What each column ever was, by its id: the first has the field `<column id>`, another `<column id>-<kind>`. A field
   * never changes what it is, because documents that have it stay.
   */
  readonly kinds: Readonly<Record<string, readonly FieldKind[]>>
  /** The columns whose values are in the ids of its documents; null as long as none were needed. */
  readonly identity: readonly string[] | null
  /** How often that has changed: the ids say so, lest old ones be taken for new ones. */
  readonly identityNumber: number
}

/**
 * Whether rows alone would not give its columns the same fields again: they tell the type of now, and not what a domain
 * stands on. Somebody has to remember it then, because fields stay in the index.
 */
export function hasPast({ kinds, columns }: IndexedTable): boolean {
  const now = new Map(columns.map(({ id, type }) => [id, columnType(type).kind]))
  return Object.entries(kinds).some(([id, known]) => known.length > 1 || known[0] !== now.get(id))
}

/** The table as an entry of the schema log describes it; `before` is what was known of it, `past` its kinds. */
export function tableOfEntry(
  { oid, pgstream_id: id, name, columns }: TableSchema,
  schema: string,
  before: IndexedTable | undefined,
  past: IndexedTable['kinds'],
): IndexedTable {
  const kinds = { ...past }
  const indexed = columns.map((column) => indexedColumn(column, kinds))
  const { identity = null, identityNumber = 0 } = before ?? {}
  return { oid: Number(oid), id, schema, name, columns: indexed, kinds, identity, identityNumber }
}

function indexedColumn(
  { pgstream_id: id, name, type, base_type: baseType }: ColumnSchema,
  kinds: Record<string, readonly FieldKind[]>,
): IndexedColumn {
  const column = columnType(type, baseType)
  kinds[id] = withKind(kinds[id], column.kind)
  return { id, name, type, ...column, field: fieldOf(id, column.kind, kinds) }
}

/** Where a column of a kind is kept. */
export const fieldOf = (
  columnId: string,
  kind: FieldKind,
  kinds: Readonly<Record<string, readonly FieldKind[]>>,
): string => ((kinds[columnId]?.[0] ?? kind) === kind ? columnId : `${columnId}-${kind}`)

const withKind = (known: readonly FieldKind[] = [], kind: FieldKind): readonly FieldKind[] =>
  known.includes(kind) ? known : [...known, kind]

/** The same table with a column that a row has and no entry told of. */
export function withColumn(
  table: IndexedTable,
  { id, name, type }: { readonly id: string; readonly name: string; readonly type: string },
): IndexedTable {
  const kinds = { ...table.kinds }
  const column = indexedColumn(
    {
      pgstream_id: id,
      name,
      type,
      base_type: type,
      kind: 'base',
      default: null,
      nullable: true,
      generated: '',
      identity: '',
      unique: false,
      metadata: null,
    },
    kinds,
  )
  return { ...table, kinds, columns: [...table.columns.filter((other) => other.id !== id), column] }
}

/**
 * What a value of this type is to its field, for a row that may be older than what is known of the table. Empty is the type of
 * what Kafka does not tell, because an update did not touch it.
 */
export function typeInRow(table: IndexedTable, columnId: string, type: string): ColumnType {
  const known = table.columns.find(({ id }) => id === columnId)
  return known && (known.type === type || type === '') ? known : columnType(type)
}
