import type { Operation } from '../pipeline/processor.ts'
import { fillGaps } from '../wal/large-json.ts'
import type { Filling } from '../wal/large-json.ts'
import type { Lsn } from '../wal/lsn.ts'
import { utf8 } from '../wal/utf8.ts'
import { joinMembers } from './json-members.ts'
import type { StoreChange } from './store-change.ts'

/** Values that Postgres did not send, because the update did not touch them. */
export interface Hole {
  readonly tableId: string
  readonly columns: readonly { readonly id: string; readonly field: string }[]
  /** The document that has them: of the row before the update. */
  readonly from: string
  /** How to find the row itself. */
  readonly oid: number
  readonly key: readonly { readonly columnId: string; readonly value: string }[]
}

/** A document to write or to delete. The bytes are what the bulk API takes. */
export interface DocumentOperation extends Operation {
  readonly kind: 'index' | 'delete'
  /** The alias it goes to, and the schema that stands behind it. */
  readonly index: string
  readonly schema: string
  readonly table: string
  readonly id: string
  /** Null for a delete whose version nobody knows: that of the document. */
  readonly version: Version | null
  /** Of the change. */
  readonly lsn: Lsn
  readonly hole: Hole | null
}

/** What orders the states of a document: the LSN, of which each is there once; or the user's, which may stay the same. */
export interface Version {
  readonly value: bigint
  readonly type: 'external' | 'external_gte'
}

/** What is done to the store. */
export type StoreOperation = DocumentOperation | StoreChange

/** What goes to the store by one bulk request. */
export interface BulkDocuments {
  readonly count: number
  /** In bytes. */
  readonly size: number
  /** Copies all lines, one behind the other, into memory that has room for them. Gives their end. */
  readonly copyTo: (memory: Buffer) => number
  readonly documents: () => readonly DocumentOperation[]
}

/** The two lines of a document for the bulk API. `source` is its JSON, with a gap for each of what is large. */
export function indexLines(
  index: string,
  id: string,
  version: Version,
  source: string,
  large: readonly Filling[] = [],
): Buffer {
  const lines = `${actionLine('index', index, id, version)}\n${source}\n`
  return large.length === 0 ? utf8(lines) : fillGaps(lines, large)
}

export const deleteLine = (index: string, id: string, version: Version | null): Buffer =>
  utf8(`${actionLine('delete', index, id, version)}\n`)

function actionLine(action: string, index: string, id: string, version: Version | null): string {
  const versioned = version === null ? '' : `,"version":${version.value},"version_type":"${version.type}"`
  return `${actionStart(action, index)}${JSON.stringify(id)}${versioned}}}`
}

const idOffsets = { index: new Map<string, number>(), delete: new Map<string, number>() }

/** Where in its lines the id of a document begins, with its quote. */
export function idOffsetOf({ kind, index }: DocumentOperation): number {
  const known = idOffsets[kind].get(index)
  if (known !== undefined) return known
  const offset = Buffer.byteLength(actionStart(kind, index))
  idOffsets[kind].set(index, offset)
  return offset
}

/** What comes before the id. */
export const actionStart = (action: string, index: string): string =>
  `{"${action}":{"_index":${JSON.stringify(index)},"_id":`

/** More than a store takes unless it is told to. */
const longestText = 100 * 1024 * 1024

/** The JSON of the document within its lines; null for one that is too large to be looked into. */
export function sourceOf({ bytes }: DocumentOperation): string | null {
  if (bytes.length > longestText) return null
  return bytes.toString('utf8', bytes.indexOf(0x0a) + 1, bytes.length - 1)
}

/** Of how many bytes its lines are. */
export const lengthOf = (operation: Operation): number => operation.size ?? operation.bytes.length

export function bulkDocuments(documents: readonly DocumentOperation[]): BulkDocuments {
  return {
    count: documents.length,
    size: documents.reduce((sum, document) => sum + lengthOf(document), 0),
    copyTo: (memory) => documents.reduce((at, { bytes }) => at + bytes.copy(memory, at), 0),
    documents: () => documents,
  }
}

/** The same document with other lines. */
export function withLines(operation: DocumentOperation, bytes: Buffer, hole: Hole | null): DocumentOperation {
  const { kind, index, schema, table, id, version, lsn } = operation
  return { kind, index, schema, table, id, version, lsn, hole, bytes }
}

/** The same document with these members more, which it does not have yet. */
export function withMembers(
  operation: DocumentOperation,
  members: ReadonlyMap<string, string>,
): DocumentOperation {
  const { bytes } = operation
  if (members.size === 0) return withLines(operation, bytes, null)
  const more = Buffer.from(`,${joinMembers(members).slice(1)}\n`)
  return withLines(operation, Buffer.concat([bytes.subarray(0, -'}\n'.length), more]), null)
}
