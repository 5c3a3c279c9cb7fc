import type { Lsn } from '../wal/lsn.ts'
import { lsnField, tableField } from './index-mapping.ts'
import { elementsOf, membersOf } from './json-members.ts'
import type { SearchClient } from './search-client.ts'
import { StoreError } from './store-error.ts'

/** Of some tables, or of all of them, that are not younger. */
export interface Documents {
  readonly alias: string
  readonly tableIds?: readonly string[] | undefined
  readonly until?: Lsn | undefined
}

export function queryFor({ tableIds, until }: Documents): unknown {
  return {
    bool: {
      filter: [
        ...(tableIds === undefined ? [] : [{ terms: { [tableField]: tableIds } }]),
        ...(until === undefined ? [] : [{ range: { [lsnField]: { lte: String(until) } } }]),
      ],
    },
  }
}

/** What was written is found from now on. False when there is no such index. */
export async function refresh(client: SearchClient, alias: string): Promise<boolean> {
  try {
    await client.send({ method: 'POST', path: `/${encodeURIComponent(alias)}/_refresh` })
    return true
  } catch (error) {
    if (error instanceof StoreError && error.status === 404) return false
    throw error
  }
}

/** A document as it is kept. */
export interface StoredDocument {
  readonly id: string
  readonly version: bigint
  /** By the names of its members: JSON as it is written. */
  readonly source: Map<string, string>
}

/** All these documents as they are when the first page is asked for. */
export async function* pagesOf(client: SearchClient, documents: Documents): AsyncGenerator<StoredDocument[]> {
  const { alias } = documents
  const keep = '10m'
  let answer = await client.sendForText({
    method: 'POST',
    path: `/${encodeURIComponent(alias)}/_search`,
    query: { scroll: keep },
    body: {
      size: await pageSize(client, alias),
      sort: ['_doc'],
      version: true,
      query: queryFor(documents),
    },
  })
  for (;;) {
    const members = membersOf(answer)
    const scrollId = JSON.parse(members.get('_scroll_id') ?? '""') as string
    const hits = elementsOf(membersOf(members.get('hits') ?? '').get('hits') ?? '').map((hit) => {
      const parts = membersOf(hit)
      return {
        id: JSON.parse(parts.get('_id')!) as string,
        version: BigInt(parts.get('_version')!),
        source: membersOf(parts.get('_source')!),
      }
    })
    if (hits.length === 0) {
      await client.send({ method: 'DELETE', path: '/_search/scroll', body: { scroll_id: scrollId } })
      return
    }
    yield hits
    answer = await client.sendForText({
      method: 'POST',
      path: '/_search/scroll',
      body: { scroll: keep, scroll_id: scrollId },
    })
  }
}

const mostInPage = 1000
const pageBytes = 4_194_304

/** As many as a page of some megabytes has of them, by what they take in the index. */
async function pageSize(client: SearchClient, alias: string): Promise<number> {
  const { _all: all } = await client.send<{
    _all: { primaries: { docs: { count: number }; store: { size_in_bytes: number } } }
  }>({ method: 'GET', path: `/${encodeURIComponent(alias)}/_stats/docs,store` })
  const { docs, store } = all.primaries
  const each = store.size_in_bytes / Math.max(1, docs.count)
  return Math.min(mostInPage, Math.max(1, Math.floor(pageBytes / Math.max(1, each))))
}
