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

const most = 10_000

async function readDocuments({
  url,
  prefix,
}: SearchSpace): Promise<{ readonly index: string; readonly members: DocumentMembers }[]> {
  const answer = await fetch(`${url}/${prefix}*/_search?size=${most}&q=_exists_:_table`)
  // as text: numbers keep their digits
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  const hits = elementsOf(membersOf(membersOf(text).get('hits') ?? '').get('hits') ?? '')
  if (hits.length === most) throw new Error('There may be more documents than were read.')
  return hits.map((hit) => {
    const parts = membersOf(hit)
    return { index: JSON.parse(parts.get('_index')!) as string, members: membersOf(parts.get('_source')!) }
  })
}
