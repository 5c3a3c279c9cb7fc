import type { Lsn } from '../wal/lsn.ts'
import { lsnField, tableField } from './index-mapping.ts'
import type { IndexedTable } from './indexed-table.ts'
import { elementsOf, membersOf } from './json-members.ts'
import { idOf } from './row-shape.ts'
import type { SearchClient } from './search-client.ts'
import { deleteLine, indexLines } from './search-operation.ts'
import type { Version } from './search-operation.ts'
import { StoreError } from './store-error.ts'

/** Of a table, or of all of them, that are not younger. */
export interface Documents {
  readonly alias: string
  readonly tableId?: string | undefined
  readonly until?: Lsn | undefined
}

const longMs = 3_600_000

function queryFor({ tableId, until }: Documents): unknown {
  return {
    bool: {
      filter: [
        ...(tableId === undefined ? [] : [{ term: { [tableField]: tableId } }]),
        ...(until === undefined ? [] : [{ range: { [lsnField]: { lte: String(until) } } }]),
      ],
    },
  }
}

/** What was written is found from now on. False when there is no such index. */
async function refresh(client: SearchClient, alias: string): Promise<boolean> {
  try {
    await client.send({ method: 'POST', path: `/${encodeURIComponent(alias)}/_refresh` })
    return true
  } catch (error) {
    if (error instanceof StoreError && error.status === 404) return false
    throw error
  }
}

/** Resolves when none of them is left. */
export async function deleteDocuments(client: SearchClient, documents: Documents): Promise<void> {
  for (;;) {
    if (!(await refresh(client, documents.alias))) return
    const { version_conflicts: conflicts, failures = [] } = await client.send<{
      version_conflicts: number
      failures?: unknown[]
    }>({
      method: 'POST',
      path: `/${encodeURIComponent(documents.alias)}/_delete_by_query`,
      query: { conflicts: 'proceed', refresh: 'true' },
      body: { query: queryFor(documents) },
      timeoutMs: longMs,
    })
    if (failures.length > 0) throw new StoreError(503, 'delete_by_query_failed', '')
    if (conflicts === 0) return
  }
}

export async function countYounger(
  client: SearchClient,
  { alias, until }: { readonly alias: string; readonly until: Lsn },
): Promise<number> {
  await refresh(client, alias)
  const path = `/${encodeURIComponent(alias)}/_count`
  const body = { query: { range: { [lsnField]: { gt: String(until) } } } }
  return (await client.send<{ count: number }>({ method: 'POST', path, body })).count
}

/** The documents of a table come into another index; those that are newer there stay. */
export async function copyDocuments(
  client: SearchClient,
  { from, to, tableId }: { readonly from: string; readonly to: string; readonly tableId: string },
): Promise<void> {
  if (!(await refresh(client, from))) return
  const { failures = [] } = await client.send<{ failures?: unknown[] }>({
    method: 'POST',
    path: '/_reindex',
    query: { refresh: 'true' },
    body: {
      conflicts: 'proceed',
      source: { index: from, query: queryFor({ alias: from, tableId }) },
      dest: { index: to, version_type: 'external' },
    },
    timeoutMs: longMs,
  })
  if (failures.length > 0) throw new StoreError(503, 'reindex_failed', '')
}

/**
 * Gives the documents of a table the ids that follow from other columns. Gives how many have no value in one of them:
 * those are deleted, because nothing could find them again.
 */
export async function identifyDocuments(
  client: SearchClient,
  alias: string,
  table: IndexedTable,
): Promise<number> {
  if (!(await refresh(client, alias))) return 0
  let lost = 0
  for await (const page of pagesOf(client, alias, table.id)) {
    const lines: Buffer[] = []
    for (const { id, source } of page) {
      const fresh = idOf(table, identityValues(table, source))
      if (fresh === id) continue
      const value = BigInt(source.get(lsnField) ?? 0)
      const version: Version = { value, type: 'external_gte' }
      if (fresh === null) lost++
      else lines.push(indexLines(alias, fresh, version, textOf(source)))
      lines.push(deleteLine(alias, id, version))
    }
    if (lines.length > 0) await sendAll(client, lines)
  }
  await refresh(client, alias)
  return lost
}

const textOf = (source: ReadonlyMap<string, string>): string =>
  `{${[...source].map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`

/** As they are kept: with the text that was printed where there is one. */
function identityValues(table: IndexedTable, source: ReadonlyMap<string, string>): (string | null)[] {
  const columns = new Map(table.columns.map((column) => [column.id, column]))
  const kindOf = (columnId: string): string | undefined => columns.get(columnId)?.kind
  return (table.identity ?? []).map((columnId) => {
    const field = columns.get(columnId)?.field ?? columnId
    const json = source.get(`${field}-exact`) ?? source.get(field)
    if (json === undefined || json === 'null') return null
    if (!json.startsWith('"')) return json
    const text = JSON.parse(json) as string
    return kindOf(columnId) === 'date' ? asPrinted(text) : text
  })
}

/** ISO 8601 as Postgres prints it in UTC. */
function asPrinted(iso: string): string {
  const [, sign = '', year = '', rest = ''] = /^([+-]?)(\d+)(-.*)$/.exec(iso) ?? []
  const text = rest.replace('T', ' ').replace(/Z$/, '+00')
  const isBeforeChrist = sign === '-' || Number(year) === 0
  return isBeforeChrist ? `${String(Number(year) + 1).padStart(4, '0')}${text} BC` : year + text
}

async function sendAll(client: SearchClient, lines: readonly Buffer[]): Promise<void> {
  for (const { status, error } of await client.bulk(Buffer.concat(lines))) {
    if (status >= 300 && status !== 409 && error !== null)
      throw new StoreError(status, error.type, error.reason)
  }
}

interface Found {
  readonly id: string
  readonly source: Map<string, string>
}

/** All documents of a table as they are when the first page is asked for. */
async function* pagesOf(client: SearchClient, alias: string, tableId: string): AsyncGenerator<Found[]> {
  const keep = '10m'
  let answer = await client.sendForText({
    method: 'POST',
    path: `/${encodeURIComponent(alias)}/_search`,
    query: { scroll: keep },
    body: { size: 1000, sort: ['_doc'], query: queryFor({ alias, tableId }) },
  })
  for (;;) {
    const members = membersOf(answer)
    const scrollId = JSON.parse(members.get('_scroll_id') ?? '""') as string
    const hits = elementsOf(membersOf(members.get('hits') ?? '').get('hits') ?? '').map((hit) => {
      const parts = membersOf(hit)
      return { id: JSON.parse(parts.get('_id')!) as string, source: membersOf(parts.get('_source')!) }
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
