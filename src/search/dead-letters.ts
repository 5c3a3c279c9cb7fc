import { createHash } from 'node:crypto'
import { PgstreamError } from '../errors.ts'
import { keepTrying } from './keep-trying.ts'
import type { Persistence } from './keep-trying.ts'
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
  #isThere = false
  #count = 0

  constructor(options: DeadLettersOptions) {
    this.#options = options
    this.#index = options.prefix + deadLetterIndex
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

/** Does nothing when it is there. */
export async function makeIndex(client: SearchClient, index: string, mapping: unknown): Promise<void> {
  const body = { settings: { number_of_shards: 1 }, mappings: mapping }
  try {
    await client.send({ method: 'PUT', path: `/${encodeURIComponent(index)}`, body })
  } catch (error) {
    if (!(error instanceof StoreError) || error.type !== 'resource_already_exists_exception') throw error
  }
}
