import { elementsOf, membersOf } from '../../../src/search/json-members.ts'
import type { SearchSpace } from '../search.ts'
import type { DocumentMembers } from './document-text.ts'

/** Everything that a part of a search store has. */
export interface StoreState {
  /** Of whole tables, by their ids. */
  readonly documents: Map<string, readonly StoredDocument[]>
  /** Where `table.column` leads, by alias of the schema. */
  readonly names: ReadonlyMap<string, ReadonlyMap<string, string>>
}

export interface StoredDocument {
  readonly members: DocumentMembers
  /** Of its index. */
  readonly aliases: readonly string[]
}

type Indices<T> = Readonly<Record<string, T>>

export async function readStore(space: SearchSpace): Promise<StoreState> {
  const all = `${space.prefix}*`
  await space.ask('POST', `${all}/_refresh`)
  const indices = await space.ask<Indices<IndexState>>('GET', all)
  const aliasesOf = new Map(
    Object.entries(indices).map(([index, { aliases }]) => [index, Object.keys(aliases)]),
  )
  const names = new Map<string, ReadonlyMap<string, string>>()
  for (const { aliases, mappings } of Object.values(indices)) {
    for (const alias of Object.keys(aliases)) names.set(alias, namesOf(mappings))
  }
  const documents = new Map<string, StoredDocument[]>()
  for (const { index, members } of await readDocuments(space)) {
    const table = JSON.parse(members.get('_table')!) as string
    const known = documents.get(table) ?? []
    documents.set(table, known)
    known.push({ members, aliases: aliasesOf.get(index) ?? [] })
  }
  return { documents, names }
}

interface IndexState {
  readonly aliases: Indices<unknown>
  readonly mappings: {
    readonly properties?: Indices<{ readonly properties?: Indices<{ type?: string; path?: string }> }>
  }
}

const namesOf = ({ properties: tables = {} }: IndexState['mappings']): Map<string, string> =>
  new Map(
    Object.entries(tables).flatMap(([table, { properties: columns = {} }]) =>
      Object.entries(columns).flatMap(([column, { path }]) =>
        path === undefined ? [] : [[`${table}.${column}`, path] as const],
      ),
    ),
  )

const atOnce = 5_000

async function readDocuments(
  space: SearchSpace,
): Promise<{ readonly index: string; readonly members: DocumentMembers }[]> {
  const found: { index: string; members: DocumentMembers }[] = []
  for await (const hit of hitsOf(space, '_exists_:_table')) {
    const parts = membersOf(hit)
    found.push({
      index: JSON.parse(parts.get('_index')!) as string,
      members: membersOf(parts.get('_source')!),
    })
  }
  return found
}

/** The documents of one table, one after the other: there may be more than fit in memory. */
export async function* documentsOf(space: SearchSpace, tableId: string): AsyncGenerator<DocumentMembers> {
  for await (const hit of hitsOf(space, `_table:"${tableId}"`))
    yield membersOf(membersOf(hit).get('_source')!)
}

/** As text: numbers keep their digits. */
async function* hitsOf({ url, prefix }: SearchSpace, query: string): AsyncGenerator<string> {
  const first = `${url}/${prefix}*/_search?scroll=1m&size=${atOnce}&q=${encodeURIComponent(query)}`
  let answer = await fetch(first)
  for (;;) {
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    const parts = membersOf(text)
    const hits = elementsOf(membersOf(parts.get('hits') ?? '').get('hits') ?? '')
    yield* hits
    const scroll = JSON.stringify({ scroll_id: JSON.parse(parts.get('_scroll_id')!) as string, scroll: '1m' })
    const headers = { 'content-type': 'application/json' }
    const isLast = hits.length < atOnce
    answer = await fetch(`${url}/_search/scroll`, {
      method: isLast ? 'DELETE' : 'POST',
      headers,
      body: isLast ? JSON.stringify({ scroll_id: JSON.parse(parts.get('_scroll_id')!) as string }) : scroll,
    })
    if (isLast) return void (await answer.text())
  }
}
