import type { IndexedTable } from './indexed-table.ts'
import { joinMembers } from './json-members.ts'
import { idOf } from './row-shape.ts'
import type { SearchClient } from './search-client.ts'
import { deleteLine, indexLines } from './search-operation.ts'
import type { Version } from './search-operation.ts'
import { pagesOf, queryFor, refresh } from './stored-documents.ts'
import type { Documents } from './stored-documents.ts'
import { StoreError } from './store-error.ts'

const longMs = 3_600_000

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

/** How many there are beside these: younger ones, or of other tables. */
export async function countOthers(client: SearchClient, documents: Documents): Promise<number> {
  const { alias } = documents
  await refresh(client, alias)
  const path = `/${encodeURIComponent(alias)}/_count`
  const body = { query: { bool: { must_not: [queryFor(documents)] } } }
  return (await client.send<{ count: number }>({ method: 'POST', path, body })).count
}

/**
 * Documents come into another index, which has their fields; those that are newer there stay. What is deleted
 * keeps its version: a delete by query would leave a higher one behind, and nothing could come back.
 */
export async function moveDocuments(
  client: SearchClient,
  move: {
    readonly from: string
    readonly to: string
    readonly tableIds: readonly string[]
  },
): Promise<void> {
  const { from, to, tableIds } = move
  if (!(await refresh(client, from))) return
  for await (const page of pagesOf(client, { alias: from, tableIds })) {
    const here: Buffer[] = []
    const gone: Buffer[] = []
    for (const { id, version: value, source } of page) {
      const version = { value, type: 'external_gte' } as const
      here.push(indexLines(to, id, version, joinMembers(source)))
      gone.push(deleteLine(from, id, version))
    }
    await sendAll(client, here)
    await sendAll(client, gone)
  }
  await refresh(client, from)
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
  for await (const page of pagesOf(client, { alias, tableIds: [table.id] })) {
    const lines: Buffer[] = []
    for (const { id, version: value, source } of page) {
      const fresh = idOf(table, identityValues(table, source))
      if (fresh === id) continue
      const version: Version = { value, type: 'external_gte' }
      if (fresh === null) lost++
      else lines.push(indexLines(alias, fresh, version, joinMembers(source)))
      lines.push(deleteLine(alias, id, version))
    }
    if (lines.length > 0) await sendAll(client, lines)
  }
  await refresh(client, alias)
  return lost
}

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
  const items = await client.bulk(Buffer.concat(lines))
  for (const { status, error } of items === 'done' ? [] : items) {
    if (status >= 300 && status !== 409 && error !== null)
      throw new StoreError(status, error.type, error.reason)
  }
}
