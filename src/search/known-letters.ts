import { tableOf } from './row-shape.ts'
import type { SearchClient } from './search-client.ts'
import { StoreError } from './store-error.ts'

/** Of more, any document may be one. */
const mostKnown = 100_000
const pageSize = 10_000

/** Which documents have states among the dead letters, so that a newer state, or none, removes them. */
export class KnownLetters {
  readonly #client: SearchClient
  readonly #path: string
  readonly #ids = new Set<string>()
  #hasMore = false

  constructor(client: SearchClient, index: string) {
    this.#client = client
    this.#path = `/${encodeURIComponent(index)}`
  }

  get isEmpty(): boolean {
    return this.#ids.size === 0 && !this.#hasMore
  }

  async open(): Promise<void> {
    for (let after: readonly unknown[] | null = null; ;) {
      const ids = await this.#page(after)
      for (const id of ids) this.#ids.add(id)
      if (ids.length < pageSize) return
      if (this.#ids.size >= mostKnown) {
        this.#hasMore = true
        return
      }
      after = [ids.at(-1)]
    }
  }

  async #page(after: readonly unknown[] | null): Promise<string[]> {
    const body = {
      size: pageSize,
      _source: ['document_id'],
      sort: [{ document_id: 'asc' }],
      ...(after ? { search_after: after } : {}),
    }
    try {
      const path = `${this.#path}/_search`
      const answer = await this.#client.send<Found>({ method: 'POST', path, body })
      return answer.hits.hits.map(({ _source }) => _source.document_id)
    } catch (error) {
      if (error instanceof StoreError && error.status === 404) return []
      throw error
    }
  }

  add(documentId: string): void {
    if (this.#ids.size < mostKnown) this.#ids.add(documentId)
    else this.#hasMore = true
  }

  has(documentId: string): boolean {
    return this.#hasMore || this.#ids.has(documentId)
  }

  async remove(documentIds: readonly string[]): Promise<void> {
    await this.#delete({ terms: { document_id: documentIds } })
    for (const id of documentIds) this.#ids.delete(id)
  }

  async removeTable(tableId: string): Promise<void> {
    if (!this.#hasMore && this.#ids.size === 0) return
    // as `idOf` makes them
    const beginnings = [`${tableId}_`, `${tableId}.`]
    await this.#delete({ bool: { should: beginnings.map((document_id) => ({ prefix: { document_id } })) } })
    for (const id of this.#ids) if (tableOf(id) === tableId) this.#ids.delete(id)
  }

  async #delete(query: unknown): Promise<void> {
    try {
      await this.#client.send({
        method: 'POST',
        path: `${this.#path}/_delete_by_query`,
        query: { conflicts: 'proceed', refresh: 'true' },
        body: { query },
      })
    } catch (error) {
      if (!(error instanceof StoreError) || error.status !== 404) throw error
    }
  }
}

interface Found {
  readonly hits: { readonly hits: readonly { readonly _source: { readonly document_id: string } }[] }
}
