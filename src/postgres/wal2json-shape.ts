import type { Relation } from '../wal/relation.ts'
import type { KnownTable } from './known-table.ts'
import type { TypeNames } from './type-names.ts'
import { valueKindOf } from './value-decoder.ts'
import type { ValueKind } from '../wal/value-kind.ts'
import type { DescribedColumn, DescribedRow } from './wal2json-description.ts'

/** How rows of one shape are written. */
export interface RowShape {
  readonly relation: Relation
  /** In the order in which a row lists them. */
  readonly columns: readonly WrittenColumn[]
  /** How many columns of the relation there are, and how many of its key. */
  readonly width: number
  readonly keyWidth: number
}

export interface WrittenColumn {
  /** What stands before the value; null for a column that no row had so far. */
  readonly prefix: Buffer | null
  readonly kind: ValueKind
  /** Its place in the relation; -1 for one that is computed when it is read. */
  readonly target: number
  readonly typeOid: number
}

/**
 * The shape of a row of a table that the schema log has described; null where the row does not fit: columns that the table
 * does not have, or too few, or others that identify it. `before` is the table's shape so far, which is kept as far as it goes.
 */
export function shapeOfKnown(
  known: KnownTable,
  row: DescribedRow,
  types: TypeNames,
  before?: RowShape,
): RowShape | null {
  const { columns, identity } = row
  const required = known.columns.filter((column) => !column.virtual)
  if (!isPartOf(columns, known) || !isPartOf(identity, known)) return null
  if (identity.length > 0 && !isKeyOf(identity, required)) return null
  if (
    row.isWhole &&
    columns.filter(({ name }) => required.some((column) => column.name === name)).length < required.length
  ) {
    return null
  }
  const described = new Map([...identity, ...columns].map((column) => [column.name, column]))
  let target = 0
  const written = known.columns.map(({ name, type, virtual }, i): WrittenColumn => {
    const seen = described.get(name) ?? seenBefore(before?.columns[i])
    const typeOid = seen?.typeOid ?? types.oidOf(type) ?? 0
    return {
      prefix: seen?.prefix ?? null,
      kind: valueKindOf(typeOid),
      target: virtual ? -1 : target++,
      typeOid,
    }
  })
  const typeOids = written.filter((column) => column.target >= 0).map((column) => column.typeOid)
  const sameTypes = before?.relation.columns.every((column, i) => column.typeOid === typeOids[i])
  const relation: Relation =
    before && sameTypes
      ? before.relation
      : {
          oid: known.oid,
          schema: known.schema,
          table: known.name,
          replicaIdentity: known.replicaIdentity,
          columns: required.map(({ name, type, key }, i) => ({ name, type, typeOid: typeOids[i]!, key })),
        }
  return shape(relation, written)
}

/** The shape of a row of which nothing is known but itself: its key is what identifies it, if anything does. */
export function shapeAsItComes(schema: string, table: string, { columns, identity }: DescribedRow): RowShape {
  const missing = identity.filter(({ name }) => !columns.some((column) => column.name === name))
  const isFull = columns.length > 0 && identity.length >= columns.length + missing.length
  const all = isFull ? identity : [...columns, ...missing]
  const relation: Relation = {
    oid: 0,
    schema,
    table,
    replicaIdentity: isFull ? 'full' : 'default',
    columns: all.map(({ name, type, typeOid }) => ({
      name,
      type,
      typeOid,
      key: identity.some((column) => column.name === name),
    })),
  }
  return shape(
    relation,
    all.map(({ prefix, typeOid }, target) => ({ prefix, kind: valueKindOf(typeOid), target, typeOid })),
  )
}

const shape = (relation: Relation, columns: readonly WrittenColumn[]): RowShape => ({
  relation,
  columns,
  width: relation.columns.length,
  keyWidth: relation.columns.filter(({ key }) => key).length,
})

const seenBefore = (
  column: WrittenColumn | undefined,
): Pick<DescribedColumn, 'typeOid' | 'prefix'> | undefined =>
  column?.prefix ? { typeOid: column.typeOid, prefix: column.prefix } : undefined

/** After a restart the log may say what identifies rows before or after the place of the row. */
function isKeyOf(identity: readonly DescribedColumn[], required: KnownTable['columns']): boolean {
  const told = new Set(identity.map(({ name }) => name))
  return required.every(({ name, key }) => told.has(name) === key)
}

/** Whether these are columns of the table, in their order. */
function isPartOf(columns: readonly DescribedColumn[], known: KnownTable): boolean {
  let at = 0
  return columns.every(({ name }) => {
    while (at < known.columns.length && known.columns[at]!.name !== name) at++
    return at++ < known.columns.length
  })
}
