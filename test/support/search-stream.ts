import { finished } from 'node:stream/promises'
import { searchIndexer } from '../../src/search/search-indexer.ts'
import type { SearchIndexer } from '../../src/search/search-indexer.ts'
import type { SearchIndexerOptions } from '../../src/search/search-options.ts'
import { rowReader } from '../../src/postgres/read-row.ts'
import type { WalEvent } from '../../src/wal/event.ts'
import { parseLsn } from '../../src/wal/lsn.ts'
import { translator } from '../../src/translator/translator.ts'
import type { TranslatorOptions } from '../../src/translator/translator.ts'
import { postgresServers } from './postgres.ts'
import { searchSpace } from './search.ts'
import type { SearchSpace } from './search.ts'
import { openSource } from './source.ts'
import type { Source, SourceServer } from './source.ts'

/** A database whose changes go to a part of a search store. Disposing ends all of it. */
export interface SearchStream extends AsyncDisposable {
  readonly source: Source
  readonly space: SearchSpace
  readonly indexer: SearchIndexer
  /** Runs a statement. */
  readonly query: Source['query']
  /** Resolves when everything that was committed before is in the store and can be found. */
  readonly settled: () => Promise<void>
  /** The documents that a query finds in the index of a schema, by their ids. */
  readonly find: (query: unknown, schema?: string) => Promise<FoundDocument[]>
}

export interface FoundDocument {
  readonly id: string
  /** By the names that were asked for. */
  readonly fields: Readonly<Record<string, readonly unknown[]>>
  readonly source: Readonly<Record<string, unknown>>
}

export async function openSearchStream(
  options: Partial<SearchIndexerOptions> & {
    server?: SourceServer
    space?: SearchSpace
    translated?: TranslatorOptions
  } = {},
): Promise<SearchStream> {
  const { server = postgresServers()[0]!, space = searchSpace(), translated, ...settings } = options
  let indexer: SearchIndexer | undefined
  let readRow: ReturnType<typeof rowReader> | undefined
  const source = await openSource(server, {
    stages: [translator(translated)],
    processor: (checkpointer) => {
      indexer = searchIndexer({
        url: space.url,
        indexPrefix: space.prefix,
        replicas: 0,
        readRow: (row, signal) => (readRow ??= rowReader(source.database.url))(row, signal),
        ...settings,
        checkpointer,
      })
      return indexer
    },
  })
  const settled = async (): Promise<void> => {
    const [row] = await source.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn')
    const reached = parseLsn(row!.lsn)
    await source.changesOf(async () => undefined)
    const { checkpointer } = source.stream.listener
    await source.stream.until(
      () => checkpointer.confirmed !== null && checkpointer.confirmed >= reached,
      'The delivery of everything',
      60_000,
    )
    await space.ask('POST', `${space.prefix}*/_refresh`)
  }
  return {
    source,
    space,
    indexer: indexer!,
    query: (sql, values) => source.query(sql, values),
    settled,
    find: (query, schema = 'public') => findDocuments(space, query, schema),
    [Symbol.asyncDispose]: async () => {
      await source[Symbol.asyncDispose]()
      if (!options.space) await space[Symbol.asyncDispose]()
    },
  }
}

/** Writes events to the store once more, as another process would after a crash. What that left can be found then. */
export async function bringAgain(
  { space }: Pick<SearchStream, 'space'>,
  events: readonly WalEvent[],
): Promise<void> {
  const { url, prefix, ask } = space
  const again = searchIndexer({ url, indexPrefix: prefix, replicas: 0 })
  for (const event of events) again.write(event)
  again.end()
  await finished(again)
  await ask('POST', `${prefix}*/_refresh`)
}

interface Hits {
  readonly hits: {
    readonly hits: readonly {
      readonly _id: string
      readonly fields?: Record<string, unknown[]>
      readonly _source: Record<string, unknown>
    }[]
  }
}

export async function findDocuments(
  { ask, prefix }: SearchSpace,
  query: unknown,
  schema = 'public',
): Promise<FoundDocument[]> {
  const path = `${encodeURIComponent(prefix + schema)}/_search`
  const found = await ask<Hits>('POST', path, { size: 10_000, query, fields: ['*'] })
  return found.hits.hits.map(({ _id: id, fields = {}, _source: source }) => ({ id, fields, source }))
}
