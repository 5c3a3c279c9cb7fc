import { History } from './history.ts'
import type { IndexedTable } from './indexed-table.ts'
import { openSearchClient } from './opensearch-client.ts'
import { aliasOfSchema, deadLetterIndex } from './names.ts'
import type { BulkItem, SearchClient } from './search-client.ts'
import { searchConnection } from './search-connection.ts'
import type { SearchConnectionOptions } from './search-connection.ts'
import { deleteLine, indexLines } from './search-operation.ts'
import { tableOf } from './row-shape.ts'
import type { Version } from './search-operation.ts'
import { asSearchError, StoreError, withoutValues } from './store-error.ts'

/** A document that the store refused. */
export interface DeadLetter {
  readonly id: string
  readonly keptAt: Date
  readonly schema: string
  readonly table: string
  readonly documentId: string
  readonly action: 'index' | 'delete'
  /** Without a value of the row. */
  readonly reason: string
}

interface StoredLetter {
  readonly kept_at: string
  readonly type: string
  readonly reason: string
  readonly action: 'index' | 'delete'
  readonly schema: string
  readonly table: string
  readonly index: string
  readonly document_id: string
  readonly version: string | null
  readonly version_type: Version['type'] | null
  readonly document: string | null
}

interface Hit {
  readonly _id: string
  readonly _source: StoredLetter
  readonly sort: readonly unknown[]
}

const pageSize = 200
const done: BulkItem = { status: 200, error: null }

/** The dead letters of a search store, for who looks after them. Every method rejects with a PgstreamError. */
export class KeptLetters {
  readonly #client: SearchClient
  readonly #prefix: string
  readonly #index: string
  readonly #history: History

  constructor(connection: SearchConnectionOptions, prefix: string, generation: number) {
    this.#client = openSearchClient(searchConnection(connection))
    this.#prefix = prefix
    this.#index = prefix + deadLetterIndex
    this.#history = new History(this.#client, prefix, generation)
  }

  async count(): Promise<number> {
    const index = encodeURIComponent(this.#index)
    const [found] = await this.#ask(async () => {
      await this.#refresh(index)
      return [await this.#client.send<{ count: number }>({ method: 'GET', path: `/${index}/_count` })]
    })
    return found?.count ?? 0
  }

  /** The oldest ones. */
  async list(most: number): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = []
    for await (const hits of this.#pages(null)) {
      for (const { _id: id, _source: letter } of hits) {
        const { kept_at: keptAt, schema, table, document_id: documentId, action, type, reason } = letter
        const about = { schema, table, documentId, action, reason: withoutValues(type, reason) }
        if (letters.push({ id, keptAt: new Date(keptAt), ...about }) === most) return letters
      }
    }
    return letters
  }

  /** Sends them again, all of them for null. What the store takes now, or has newer, is a dead letter no more. */
  async retry(ids: readonly string[] | null): Promise<{ readonly sent: number; readonly failed: number }> {
    let sent = 0
    let failed = 0
    const known = await this.#ask(() => this.#history.tables())
    const tables = new Map(known.flatMap(({ table, isGone }) => (isGone ? [] : [[table.id, table] as const])))
    for await (const hits of this.#pages(ids)) {
      const done: string[] = []
      for (const { _id: id, _source: letter } of hits) {
        if (await this.#send(letter, tables)) done.push(id)
        else failed++
      }
      await this.#delete(done)
      sent += done.length
    }
    return { sent, failed }
  }

  /** Gives how many there were. */
  async drop(ids: readonly string[] | null): Promise<number> {
    let dropped = 0
    for await (const hits of this.#pages(ids)) {
      await this.#delete(hits.map(({ _id }) => _id))
      dropped += hits.length
    }
    return dropped
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  async *#pages(ids: readonly string[] | null): AsyncGenerator<readonly Hit[]> {
    const index = encodeURIComponent(this.#index)
    for (let after: readonly unknown[] | undefined; ;) {
      const body = {
        size: pageSize,
        sort: [{ kept_at: 'asc' }, { document_id: 'asc' }, { version: 'asc' }],
        ...(ids ? { query: { ids: { values: ids } } } : {}),
        ...(after ? { search_after: after } : {}),
      }
      const hits = await this.#ask(async () => {
        await this.#refresh(index)
        const found = await this.#client.send<{ hits: { hits: readonly Hit[] } }>({
          method: 'POST',
          path: `/${index}/_search`,
          body,
        })
        return found.hits.hits
      })
      if (hits.length > 0) yield hits
      if (hits.length < pageSize) return
      after = hits.at(-1)!.sort
    }
  }

  /** Else what was kept or delivered last is not seen yet. */
  async #refresh(index: string): Promise<void> {
    await this.#client.send({ method: 'POST', path: `/${index}/_refresh` })
  }

  async #send(letter: StoredLetter, tables: ReadonlyMap<string, IndexedTable>): Promise<boolean> {
    const { action, document_id: id, version, version_type: type, document } = letter
    const table = tables.get(tableOf(id))
    // it may be in another schema by now
    const index = table ? this.#prefix + aliasOfSchema(table.schema) : letter.index
    if (action === 'index' && (document === null || version === null)) return false
    const known = version === null || type === null ? null : { value: BigInt(version), type }
    const lines = action === 'index' ? indexLines(index, id, known!, document!) : deleteLine(index, id, known)
    const [item] = await this.#ask(async () => {
      const items = await this.#client.bulk(lines)
      return items === 'done' ? [done] : items
    })
    return item !== undefined && (item.status < 300 || item.status === 409)
  }

  async #delete(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    const lines = ids.map((id) => `${JSON.stringify({ delete: { _index: this.#index, _id: id } })}\n`)
    await this.#ask(async () => {
      await this.#client.bulk(Buffer.from(lines.join('')))
      return []
    })
  }

  /** Where none was ever kept there is no index. */
  async #ask<T>(act: () => Promise<readonly T[]>): Promise<readonly T[]> {
    try {
      return await act()
    } catch (error) {
      if (error instanceof StoreError && error.status === 404) return []
      throw asSearchError(error, 'Looking after the dead letters')
    }
  }
}
