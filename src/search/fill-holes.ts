import { elementsOf, membersOf } from './json-members.ts'
import { columnType } from './field-kind.ts'
import { keepTrying } from './keep-trying.ts'
import type { Persistence } from './keep-trying.ts'
import type { IndexedTable } from './indexed-table.ts'
import type { SearchClient } from './search-client.ts'
import { deleteLine, lengthOf, sourceOf, withLines, withMembers } from './search-operation.ts'
import type { DocumentOperation, Hole } from './search-operation.ts'
import { reasonOf, StoreError } from './store-error.ts'
import type { Caused } from './store-error.ts'
import { membersWriter } from './value-json.ts'

/**
 * Reads columns of a row, by the numbers that Postgres has for them, as text; null where there is no such row, `gone` where
 * there is no such table or column any more.
 */
export type ReadRow = (
  row: {
    readonly tableOid: number
    readonly key: readonly { readonly attnum: number; readonly value: string }[]
    readonly attnums: readonly number[]
  },
  signal: AbortSignal,
) => Promise<readonly (string | null)[] | null | 'gone'>

export interface HoleFillerOptions extends Persistence {
  readonly client: SearchClient
  readonly readRow: ReadRow | undefined
  readonly tableOf: (tableId: string) => IndexedTable | undefined
  readonly objects: boolean
  /** Whether the stored document may be older than the row before the update, because the store refused that. */
  readonly isOutdated: (documentId: string) => boolean
  /** Nobody knows the values. */
  readonly onUnfilled: (operation: DocumentOperation, signal: AbortSignal) => Promise<void>
}

/** As long as nobody knows how large they are. */
const leastKnown = 16
const mostAtOnce = 256
const bytesAtOnce = 16 * 1024 * 1024

interface StoredDocument {
  readonly version: bigint
  readonly source: ReadonlyMap<string, string>
}

interface Known {
  readonly inBatch: ReadonlyMap<string, DocumentOperation>
  readonly stored: ReadonlyMap<string, StoredDocument>
  readonly signal: AbortSignal
}

/**
 * Puts in what an update did not touch and Postgres did not send: from a document before it in the batch, from the store,
 * or from the row itself. A newer value than that of its place is followed by its own change.
 */
export class HoleFiller {
  readonly #options: HoleFillerOptions
  /** By what those before took. */
  #atOnce = leastKnown

  constructor(options: HoleFillerOptions) {
    this.#options = options
  }

  /** As many documents, from one of a batch on, as are filled at once: what they lack may be large. */
  next(batch: readonly DocumentOperation[], from: number): readonly DocumentOperation[] {
    let holes = 0
    const end = batch.findIndex((operation, at) => {
      if (at >= from && needsFilling(operation)) holes++
      return holes > this.#atOnce
    })
    return batch.slice(from, end < 0 ? batch.length : end)
  }

  /** Gives documents without holes, and leaves out those that the store has newer, or whose row is gone. */
  async fill(documents: readonly DocumentOperation[], signal: AbortSignal): Promise<DocumentOperation[]> {
    const wanted = documents.flatMap((operation) => wantedBy(operation))
    const stored = await keepTrying('Reading documents', () => this.#stored(wanted), {
      ...this.#options,
      signal,
    })
    const inBatch = new Map<string, DocumentOperation>()
    const filled: DocumentOperation[] = []
    let bytes = 0
    for (const operation of documents) {
      const now = operation.hole
        ? await this.#fillOne(operation, operation.hole, { inBatch, stored, signal })
        : withVersion(operation, inBatch, stored)
      if (!now) continue
      bytes += lengthOf(now)
      filled.push(now)
      inBatch.set(keyOf(now.index, now.id), now)
    }
    const each = bytes / Math.max(1, filled.length)
    this.#atOnce = Math.min(mostAtOnce, Math.max(1, Math.floor(bytesAtOnce / Math.max(1, each))))
    return filled
  }

  async #fillOne(
    operation: DocumentOperation,
    hole: Hole,
    { inBatch, stored, signal }: Known,
  ): Promise<DocumentOperation | null> {
    const own = stored.get(keyOf(operation.index, operation.id))
    if (own && own.version >= operation.version!.value && operation.version!.type === 'external') return null
    const before = inBatch.get(keyOf(operation.index, hole.from))
    const known =
      before?.kind === 'index'
        ? membersOf(sourceOf(before) ?? '')
        : this.#options.isOutdated(hole.from)
          ? undefined
          : stored.get(keyOf(operation.index, hole.from))?.source
    const members = new Map<string, string>()
    const missing = hole.columns.filter((column) => !copyMembers(known, members, column.field))
    if (missing.length === 0) return withMembers(operation, members)
    const read = await this.#read(hole, missing, members, signal)
    if (read === 'filled') return withMembers(operation, members)
    if (read === 'unknown') await this.#options.onUnfilled(withMembers(operation, members), signal)
    return null
  }

  async #read(
    hole: Hole,
    missing: Hole['columns'],
    members: Map<string, string>,
    signal: AbortSignal,
  ): Promise<'filled' | 'row gone' | 'unknown'> {
    const { readRow, tableOf, objects } = this.#options
    const table = tableOf(hole.tableId)
    if (!readRow || !table || table.oid === 0) return 'unknown'
    const key = hole.key.map(({ columnId, value }) => ({ attnum: attnumOf(columnId), value }))
    const attnums = missing.map(({ id }) => attnumOf(id))
    const row = await readRow({ tableOid: table.oid, key, attnums }, signal)
    // it is deleted, or has another key: that comes by, too
    if (row === null || row === 'gone') return 'row gone'
    for (const [i, { id, field }] of missing.entries()) {
      const type = table.columns.find((column) => column.id === id) ?? columnType('text')
      const write = membersWriter({ field, type, objects, onKept: () => undefined })
      for (const [name, json] of membersOf(`{${write(row[i] ?? null, [])}}`)) members.set(name, json)
    }
    return 'filled'
  }

  async #stored(wanted: readonly Wanted[]): Promise<ReadonlyMap<string, StoredDocument>> {
    const stored = new Map<string, StoredDocument>()
    if (wanted.length === 0) return stored
    const docs = wanted.map(({ index, id, fields }) => ({
      _index: index,
      _id: id,
      _source: fields.length > 0 && fields,
    }))
    const answer = await this.#options.client.sendForText({ method: 'POST', path: '/_mget', body: { docs } })
    for (const [i, document] of elementsOf(membersOf(answer).get('docs') ?? '').entries()) {
      const members = membersOf(document)
      if (members.get('found') !== 'true') {
        throwUnlessMissing(members.get('error'))
        continue
      }
      const { index, id } = wanted[i]!
      const version = BigInt(members.get('_version') ?? 0)
      const others = stored.get(keyOf(index, id))?.source ?? []
      const source = new Map([...others, ...membersOf(members.get('_source') ?? '')])
      stored.set(keyOf(index, id), { version, source })
    }
    return stored
  }
}

/** A closed index, or a shard that is away, says nothing of a document. */
function throwUnlessMissing(json: string | undefined): void {
  if (json === undefined) return
  const error = JSON.parse(json) as Caused
  if (error.type !== 'index_not_found_exception') throw new StoreError(503, error.type ?? '', reasonOf(error))
}

const keyOf = (index: string, id: string): string => `${index}\0${id}`

const attnumOf = (columnId: string): number => Number(columnId.slice(columnId.lastIndexOf('-') + 1))

/** A document, and what of it; nothing is its version alone. */
interface Wanted {
  readonly index: string
  readonly id: string
  readonly fields: readonly string[]
}

export const needsFilling = ({ hole, version }: DocumentOperation): boolean =>
  hole !== null || version === null

function wantedBy({ index, id, hole, version }: DocumentOperation): Wanted[] {
  if (!hole) return version === null ? [{ index, id, fields: [] }] : []
  const fields = hole.columns.flatMap(({ field }) => [field, ...beside.map((part) => `${field}-${part}`)])
  const from = { index, id: hole.from, fields }
  return hole.from === id ? [from] : [{ index, id, fields: [] }, from]
}

/** A delete that has no version of its own takes that of the document. */
function withVersion(
  operation: DocumentOperation,
  inBatch: ReadonlyMap<string, DocumentOperation>,
  stored: ReadonlyMap<string, StoredDocument>,
): DocumentOperation | null {
  if (operation.kind !== 'delete' || operation.version !== null) return operation
  const { index, id } = operation
  const value = inBatch.get(keyOf(index, id))?.version?.value ?? stored.get(keyOf(index, id))?.version
  if (value === undefined) return null
  const version = { value, type: 'external_gte' } as const
  return { ...withLines(operation, deleteLine(index, id, version), null), version }
}

/** The ends of the names of fields that hold the same value in another form. */
const beside = ['exact', 'object'] as const

/** The field and those beside it. False when it is not there. */
function copyMembers(
  from: ReadonlyMap<string, string> | undefined,
  to: Map<string, string>,
  field: string,
): boolean {
  const value = from?.get(field)
  if (value === undefined) return false
  to.set(field, value)
  for (const part of beside) {
    const beside = from?.get(`${field}-${part}`)
    if (beside !== undefined) to.set(`${field}-${part}`, beside)
  }
  return true
}
