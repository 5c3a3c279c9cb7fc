import type { Translation } from '../wal/event.ts'
import { identityText } from '../wal/identity-text.ts'
import type { Relation } from '../wal/relation.ts'
import { unchangedToast } from '../wal/value.ts'
import type { Row, Value } from '../wal/value.ts'
import { fieldOf, typeInRow } from './indexed-table.ts'
import type { IndexedTable } from './indexed-table.ts'
import { tableField } from './index-mapping.ts'
import { memberBytes } from './member-bytes.ts'
import type { MemberBytes } from './member-bytes.ts'
import { aliasOfSchema } from './names.ts'
import { actionStart } from './search-operation.ts'
import { membersWriter } from './value-json.ts'
import type { WriteMembers } from './value-json.ts'

/** In bytes; a store takes ids of 512. */
const longestIdentity = 440

/** All that rows of one shape have in common, for making documents of them. */
export interface RowShape {
  readonly table: IndexedTable
  readonly relation: Relation
  readonly translation: Translation
  /** By column; empty for one that is not kept. */
  readonly columnIds: readonly string[]
  readonly index: string
  /** Where the values are that are in the id; null when the rows cannot be told apart. */
  readonly identityAt: readonly number[] | null
  /** Where the user's version is; null for the LSN. */
  readonly versionAt: number | null
  readonly fields: readonly string[]
  /** With a comma before what they write. */
  readonly writers: readonly WriteMembers[]
  /** The beginning of every document. */
  readonly head: string
  /** The same for who writes bytes: the beginning of the line before a document, of the document, and its members. */
  readonly bytes: {
    readonly action: Buffer
    /** The beginning of each id, with the quote before it. */
    readonly idHead: Buffer
    readonly head: Buffer
    readonly members: readonly MemberBytes[]
    /** The most that all members take, but for their values. */
    readonly mostOfNames: number
  }
}

export function rowShape(options: {
  table: IndexedTable
  relation: Relation
  translation: Translation
  columnIds: readonly string[]
  prefix: string
  objects: boolean
  onKept: (table: IndexedTable, column: string) => void
}): RowShape {
  const { table, relation, translation, columnIds, prefix, objects, onKept } = options
  const { versionColumnId } = translation
  const types = relation.columns.map(({ type }, i) => typeInRow(table, columnIds[i]!, type))
  const fields = types.map(({ kind }, i) => fieldOf(columnIds[i]!, kind, table.kinds))
  const identityAt = table.identity?.map((id) => columnIds.indexOf(id)) ?? null
  const version = columnIds.indexOf(versionColumnId)
  const index = prefix + aliasOfSchema(table.schema)
  const head = `{"${tableField}":${JSON.stringify(table.id)}`
  const columns = types.map((type, i) => {
    if (columnIds[i] === '') return { members: () => '', bytes: nothing }
    const [field, { name }] = [fields[i]!, relation.columns[i]!]
    const members = membersWriter({ field, type, objects, onKept: () => onKept(table, name) })
    return { members, bytes: memberBytes({ field, type, objects, members }) }
  })
  return {
    table,
    relation,
    translation,
    columnIds,
    index,
    identityAt: identityAt?.includes(-1) ? null : identityAt,
    versionAt: versionColumnId === '' || version < 0 ? null : version,
    fields,
    writers: columns.map(({ members }, i) => {
      if (columnIds[i] === '') return () => ''
      return (value, large) => `,${members(value, large)}`
    }),
    head,
    bytes: {
      action: Buffer.from(actionStart('index', index)),
      idHead: Buffer.from(JSON.stringify(idHead(table)).slice(0, -1)),
      head: Buffer.from(head),
      members: columns.map(({ bytes }) => bytes),
      mostOfNames: columns.reduce((sum, { bytes }) => sum + bytes.most(0), 0),
    },
  }
}

const nothing: MemberBytes = { write: (_out, at) => at, writePrinted: (_out, at) => at, most: () => 0 }

/** The id of the document of a row; null where a value of its identity is not known. */
export function documentId(
  { table, identityAt }: RowShape,
  row: Row,
  other: Row | null = null,
): string | null {
  if (identityAt === null) return null
  return idOf(
    table,
    identityAt.map((at) => {
      const value = row[at]!
      return value === unchangedToast && other ? other[at]! : value
    }),
  )
}

/** The id of a document with these values in the columns of the table's identity. */
export function idOf(table: IndexedTable, values: readonly Value[]): string | null {
  const text = identityText(values, longestIdentity)
  return text === null ? null : idHead(table) + text
}

const idHead = ({ id, identityNumber }: IndexedTable): string =>
  identityNumber <= 1 ? `${id}_` : `${id}.${identityNumber}_`

/** The id of the table that a document with this id is of. */
export const tableOf = (documentId: string): string => /^[^._]*/.exec(documentId)![0]
