import { createHash } from 'node:crypto'
import { PgstreamError } from '../errors.ts'
import { keepTrying } from './keep-trying.ts'
import type { Persistence } from './keep-trying.ts'
import { KnownLetters } from './known-letters.ts'
import { deadLetterIndex } from './names.ts'
import type { SearchClient } from './search-client.ts'
import { sourceOf } from './search-operation.ts'
import type { DocumentOperation } from './search-operation.ts'
import { StoreError, withoutValues } from './store-error.ts'

/** What happens to a document that the store refuses. */
export type DeadLetterPolicy = 'keep' | 'stop'

export interface DeadLettersOptions extends Persistence {
  readonly client: SearchClient
  readonly prefix: string
  readonly policy: DeadLetterPolicy
  readonly onKept: () => void
}

const mappings = {
  dynamic: 'strict',
  properties: {
    kept_at: { type: 'date' },
    type: { type: 'keyword' },
    reason: { type: 'text' },
    action: { type: 'keyword' },
    schema: { type: 'keyword' },
    table: { type: 'keyword' },
    index: { type: 'keyword' },
    document_id: { type: 'keyword' },
    version: { type: 'keyword' },
    version_type: { type: 'keyword' },
    document: { type: 'keyword', index: false, doc_values: false },
  },
} as const

/** Documents that the store refused, in an index of their own with the reason: `pgstream dead-letters` shows them. */
export class DeadLetters {
  readonly #options: DeadLettersOptions
  readonly #index: string
  readonly #known: KnownLetters
  #isThere = false
  #count = 0

  constructor(options: DeadLettersOptions) {
    this.#options = options
    this.#index = options.prefix + deadLetterIndex
    this.#known = new KnownLetters(options.client, this.#index)
  }

  async open(): Promise<void> {
    await this.#known.open()
  }

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#known.isEmpty
  }

  /** Whether the store may lack a state of the document that is among the dead letters. */
  has(documentId: string): boolean {
    return this.#known.has(documentId)
  }

  /** These documents have newer states now, or are deleted: sent again, an old state could come back. */
  async outdated(newer: readonly DocumentOperation[], signal: AbortSignal): Promise<void> {
    const trying = { ...this.#options, signal }
    const ids = newer.map(({ id }) => id)
    await keepTrying('Removing dead letters', () => this.#known.remove(ids), trying)
  }

  /** The table has no older rows any more. */
  async emptied(tableId: string, signal: AbortSignal): Promise<void> {
    const trying = { ...this.#options, signal }
    await keepTrying('Removing dead letters', () => this.#known.removeTable(tableId), trying)
  }

  /** Kept since the start. */
  get count(): number {
    return this.#count
  }

  /** Resolves when it is durable. @throws {PgstreamError} PGSTREAM_SEARCH_DOCUMENT where the policy is to stop. */
  async keep(
    operation: DocumentOperation,
    { type, reason }: { readonly type: string; readonly reason: string },
    signal: AbortSignal,
  ): Promise<void> {
    const { logger, policy, onKept } = this.#options
    const { schema, table } = operation
    const sentence = `The search store refused a document of ${schema}.${table}: ${withoutValues(type, reason)}.`
    if (policy === 'stop') throw new PgstreamError('PGSTREAM_SEARCH_DOCUMENT', sentence)
    const trying = { ...this.#options, signal }
    await keepTrying('Keeping a dead letter', () => this.#write(operation, type, reason), trying)
    this.#known.add(operation.id)
    this.#count++
    onKept()
    logger.error(
      { code: 'PGSTREAM_SEARCH_DOCUMENT', deadLetters: this.#count, index: this.#index },
      `${sentence} It is kept among the dead letters`,
    )
  }

  async #write(operation: DocumentOperation, type: string, reason: string): Promise<void> {
    const { client } = this.#options
    if (!this.#isThere) {
      await makeIndex(client, this.#index, mappings)
      this.#isThere = true
    }
    const { kind, schema, table, index, id, version } = operation
    const letter = {
      kept_at: new Date().toISOString(),
      type,
      reason,
      action: kind,
      schema,
      table,
      index,
      document_id: id,
      version: version === null ? null : String(version.value),
      version_type: version?.type ?? null,
      document: kind === 'index' ? sourceOf(operation) : null,
    }
    // the same again, when it comes again
    const name = createHash('sha256')
      .update(`${id}@${letter.version ?? ''}`)
      .digest('hex')
    const path = `/${encodeURIComponent(this.#index)}/_doc/${name}`
    try {
      await client.send({ method: 'PUT', path, query: { refresh: 'true' }, body: letter })
    } catch (error) {
      if (!(error instanceof StoreError) || error.status !== 413) throw error
      await client.send({
        method: 'PUT',
        path,
        query: { refresh: 'true' },
        body: { ...letter, document: null },
      })
    }
  }
}

/** When it is there, it gets the fields that it lacks because an earlier version made it. */
export async function makeIndex(client: SearchClient, index: string, mapping: IndexMapping): Promise<void> {
  const path = `/${encodeURIComponent(index)}`
  // asked first: a store whose disk is nearly full makes none, and takes documents still
  const known = await fieldsOf(client, path)
  if (known === null) {
    const body = { settings: { number_of_shards: 1 }, mappings: mapping }
    try {
      await client.send({ method: 'PUT', path, body })
    } catch (error) {
      if (!(error instanceof StoreError) || error.type !== 'resource_already_exists_exception') throw error
    }
    return
  }
  const { properties } = mapping
  const names = Object.keys(properties)
  if (names.some((name) => name in known && known[name]!.type !== properties[name]!.type))
    throw notOurs(index)
  if (names.some((name) => !(name in known))) {
    await client.send({ method: 'PUT', path: `${path}/_mapping`, body: { properties } })
  }
}

/** Documents that are written into an index that is gone make one, with fields that the store guesses. */
const notOurs = (index: string): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_SEARCH_INDEX',
    `The index ${JSON.stringify(index)} has other fields than pgstream makes: it was deleted while pgstream wrote to it, and the store made it anew.`,
    {
      remedy:
        'Delete it. If it is the one of the history (pgstream), what was known of the tables is lost with it: set PGSTREAM_SEARCH_INDEX_GENERATION one higher, too; indices begin anew then, and have to be filled.',
    },
  )

type Fields = Readonly<Record<string, { readonly type?: string }>>

interface IndexMapping {
  readonly dynamic: 'strict'
  readonly properties: Fields
}

/** Null where there is no such index. */
async function fieldsOf(client: SearchClient, path: string): Promise<Fields | null> {
  try {
    const found = await client.send<Record<string, { mappings: { properties?: Fields } }>>({
      method: 'GET',
      path: `${path}/_mapping`,
    })
    return Object.values(found)[0]?.mappings.properties ?? {}
  } catch (error) {
    if (error instanceof StoreError && error.status === 404) return null
    throw error
  }
}
