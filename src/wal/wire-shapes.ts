import type { Translation } from './event.ts'
import type { Relation } from './relation.ts'

/** A column of wire JSON. */
export interface WireColumn {
  readonly id?: string
  readonly name: string
  readonly type: string
  readonly value: unknown
}

export interface WireMetadata {
  readonly schema_id: string | null
  readonly table_pgstream_id: string
  readonly id_col_pgstream_id: readonly string[] | null
  readonly version_col_pgstream_id: string
}

/** What one event says of the shape of its table's rows. */
export interface WireTable {
  readonly schema: string
  readonly table: string
  /** The new row, or what there is of the old one. */
  readonly columns: readonly WireColumn[]
  readonly identity: readonly WireColumn[]
  /** Not sent by an update. */
  readonly unchanged: readonly Pick<Required<WireColumn>, 'id' | 'name'>[]
  readonly metadata: WireMetadata | null
}

export interface WireShape {
  readonly relation: Relation
  readonly translation: Translation | null
  /** Where in the relation each of `columns` is, and each of `identity`. */
  readonly columnsAt: readonly number[]
  readonly identityAt: readonly number[]
}

interface KnownShape extends WireShape {
  readonly told: WireTable
}

/** Of one table: a few kinds of events, before and after the newest DDL. */
const shapesPerTable = 8

/** Gives events that say the same of their table one and the same relation. */
export class WireShapes {
  readonly #byTable = new Map<string, KnownShape[]>()

  /** @throws {TypeError} when the columns are not described. */
  of(told: WireTable): WireShape {
    const name = `${JSON.stringify(told.schema)}.${told.table}`
    const known = this.#byTable.get(name) ?? []
    const found = known.find((shape) => isSame(shape.told, told))
    if (found) return found
    const shape = { ...makeShape(told), told: withoutValues(told) }
    this.#byTable.set(name, [shape, ...known].slice(0, shapesPerTable))
    return shape
  }
}

function isSame(a: WireTable, b: WireTable): boolean {
  return (
    a.columns.length === b.columns.length &&
    a.identity.length === b.identity.length &&
    a.unchanged.length === b.unchanged.length &&
    a.columns.every((column, i) => isSameColumn(column, b.columns[i]!)) &&
    a.identity.every((column, i) => isSameColumn(column, b.identity[i]!)) &&
    a.unchanged.every(({ id, name }, i) => name === b.unchanged[i]!.name && id === b.unchanged[i]!.id) &&
    a.metadata?.schema_id === b.metadata?.schema_id &&
    a.metadata?.table_pgstream_id === b.metadata?.table_pgstream_id &&
    a.metadata?.version_col_pgstream_id === b.metadata?.version_col_pgstream_id &&
    String(a.metadata?.id_col_pgstream_id) === String(b.metadata?.id_col_pgstream_id)
  )
}

const isSameColumn = (a: WireColumn, b: WireColumn): boolean =>
  a.name === b.name && a.type === b.type && a.id === b.id

/** It is kept, and values can be large. */
function withoutValues(told: WireTable): WireTable {
  const bare = (columns: readonly WireColumn[]): WireColumn[] =>
    columns.map((column) => ({ ...column, value: null }))
  return { ...told, columns: bare(told.columns), identity: bare(told.identity) }
}

function makeShape({ schema, table, columns, identity, unchanged, metadata }: WireTable): WireShape {
  const all = inOrder(columns, identity, unchanged)
  const at = new Map(all.map(({ name }, i) => [name, i]))
  const keys = new Set(identity.map(({ name }) => name))
  const relation: Relation = {
    oid: 0,
    schema,
    table,
    replicaIdentity: keys.size > 0 && keys.size === all.length ? 'full' : 'default',
    columns: all.map(({ name, type }) => ({ name, type, typeOid: 0, key: keys.has(name) })),
  }
  return {
    relation,
    translation: translationOf(all, metadata),
    columnsAt: columns.map(({ name }) => at.get(name)!),
    identityAt: identity.map(({ name }) => at.get(name)!),
  }
}

/**
 * A full identity has all columns in their order. Where it is not full, those that an update did not touch have lost their
 * place and come last, and their type.
 */
function inOrder(
  columns: readonly WireColumn[],
  identity: readonly WireColumn[],
  unchanged: WireTable['unchanged'],
): readonly WireColumn[] {
  for (const { name, type } of [...columns, ...identity]) {
    if (typeof name !== 'string' || typeof type !== 'string')
      throw new TypeError('has a column without name or type')
  }
  if (identity.length === columns.length + unchanged.length) return identity
  const known = new Map([...identity, ...columns].map((column) => [column.name, column]))
  for (const { id, name } of unchanged) {
    if (!known.has(name)) known.set(name, { id, name, type: '', value: null })
  }
  const rest = [...known.values()].filter(({ name }) => !columns.some((column) => column.name === name))
  return [...columns, ...rest]
}

function translationOf(columns: readonly WireColumn[], metadata: WireMetadata | null): Translation | null {
  if (!metadata || (metadata.table_pgstream_id === '' && metadata.schema_id === null)) return null
  return {
    schemaId: metadata.schema_id,
    tableId: metadata.table_pgstream_id,
    columnIds: columns.map(({ id }) => id ?? ''),
    identityColumnIds: metadata.id_col_pgstream_id,
    versionColumnId: metadata.version_col_pgstream_id,
  }
}
