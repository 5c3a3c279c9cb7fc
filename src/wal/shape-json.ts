import type { Translation } from './event.ts'
import type { Relation } from './relation.ts'
import { isNumericType } from './wire-values.ts'

export const noMetadata =
  '{"schema_id":null,"table_pgstream_id":"","id_col_pgstream_id":null,"version_col_pgstream_id":""}'

/** The same as bytes. */
export interface ShapeBytes {
  readonly names: Buffer
  /** Of the first column that is written, with `[` before it. */
  readonly first: readonly Buffer[]
  /** Of those behind it, with the end of the column before. */
  readonly next: readonly Buffer[]
  readonly metadata: Buffer
  /** The length of all of them. */
  readonly total: number
}

/** What depends on the shape of the rows only. */
export interface ShapeJson {
  readonly translation: Translation | null
  /** `"schema":"public","table":"users"` */
  readonly names: string
  /** Per column, up to its value: `{"id":"","name":"a","type":"integer","value":`. */
  readonly columns: readonly string[]
  readonly isNumeric: readonly boolean[]
  readonly keys: readonly number[]
  readonly isKey: readonly boolean[]
  /** Made when a row is written as bytes. */
  bytes: ShapeBytes | null
  readonly metadata: string
}

const shapes = new WeakMap<Relation, ShapeJson>()

export function shapeOf(relation: Relation, translation: Translation | null): ShapeJson {
  const known = shapes.get(relation)
  if (known?.translation === translation) return known
  const { columns } = relation
  const shape: ShapeJson = {
    translation,
    names: `"schema":${JSON.stringify(relation.schema)},"table":${JSON.stringify(relation.table)}`,
    columns: columns.map(({ name, type }, i) => {
      const id = translation?.columnIds[i] ?? ''
      return `{"id":${JSON.stringify(id)},"name":${JSON.stringify(name)},"type":${JSON.stringify(type)},"value":`
    }),
    isNumeric: columns.map(({ type }) => isNumericType(type)),
    keys: columns.flatMap(({ key }, i) => (key ? [i] : [])),
    isKey: columns.map(({ key }) => key),
    bytes: null,
    metadata: metadataJson(translation),
  }
  shapes.set(relation, shape)
  return shape
}

function metadataJson(translation: Translation | null): string {
  if (!translation) return noMetadata
  return JSON.stringify({
    schema_id: translation.schemaId,
    table_pgstream_id: translation.tableId,
    id_col_pgstream_id: translation.identityColumnIds,
    version_col_pgstream_id: translation.versionColumnId,
  })
}

export function shapeBytes(shape: ShapeJson): ShapeBytes {
  shape.bytes ??= makeBytes(shape)
  return shape.bytes
}

function makeBytes({ names, columns, metadata }: ShapeJson): ShapeBytes {
  const all = {
    names: Buffer.from(`${names},"columns":`),
    first: columns.map((column) => Buffer.from(`[${column}`)),
    next: columns.map((column) => Buffer.from(`},${column}`)),
    metadata: Buffer.from(`,"metadata":${metadata},"commit_lsn":"`),
  }
  const parts = [all.names, all.metadata, ...all.next]
  return { ...all, total: parts.reduce((sum, { length }) => sum + length, 0) }
}
