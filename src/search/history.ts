import { formatLsn, parseLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { SchemaLogEntry } from '../wal/schema-log.ts'
import { makeIndex } from './dead-letters.ts'
import { hasPast } from './indexed-table.ts'
import type { IndexedTable } from './indexed-table.ts'
import type { Commit } from './latest-commit.ts'
import { historyIndex } from './names.ts'
import type { SearchClient } from './search-client.ts'
import type { Place } from './store-change.ts'
import { StoreError } from './store-error.ts'

/** What the documents were made from, at the newest. */
export interface StoredSource {
  readonly systemIdentifier: string
  readonly timeline: number
  /** No document has a higher one. */
  readonly lsn: Lsn
  readonly commit: Commit
}

/** What is known of a table; of one that is gone, what its columns were. */
export interface StoredTable {
  readonly table: IndexedTable
  readonly isGone: boolean
  /** Where an entry told of it last. */
  readonly toldAt?: Place | undefined
}

const unseen = { type: 'keyword', index: false, doc_values: false } as const

/** The fields of entries are those of the same project in Go; the rest is what we need at the next start. */
const mappings = {
  dynamic: 'strict',
  properties: {
    id: { type: 'keyword' },
    version: { type: 'long' },
    schema_name: { type: 'keyword' },
    schema: unseen,
    created_at: { type: 'date', format: 'yyyy-MM-dd HH:mm:ss.SSSSSS' },
    acked: { type: 'boolean' },
    table_id: { type: 'keyword' },
    table_state: unseen,
    system_identifier: unseen,
    timeline: { type: 'integer', index: false },
    lsn: unseen,
    commit_lsn: unseen,
    commit_time: unseen,
  },
} as const

type TableState = IndexedTable & {
  readonly is_gone?: true
  readonly told_at?: { readonly commit_lsn: string; readonly lsn: string }
}

const pageSize = 500

/**
 * The index `pgstream`: the entries of the schema log that were applied, what is known of each table, and which source the
 * documents come from.
 */
export class History {
  readonly #client: SearchClient
  readonly #index: string
  readonly #sourceName: string
  readonly #tables: string

  /** Each generation of indices has a source and tables of its own. */
  constructor(client: SearchClient, prefix: string, generation: number) {
    this.#client = client
    this.#index = prefix + historyIndex
    this.#sourceName = `source-${generation}`
    this.#tables = `table-${generation}-`
  }

  async open(): Promise<void> {
    await makeIndex(this.#client, this.#index, mappings)
    await this.#client.send({ method: 'POST', path: this.#path('_refresh') })
  }

  async source(): Promise<StoredSource | null> {
    try {
      const { _source } = await this.#client.send<{ _source: Record<string, string | number> }>({
        method: 'GET',
        path: this.#path(`_doc/${this.#sourceName}`),
      })
      const { system_identifier: id = '', timeline = 0, lsn = '0/0' } = _source
      const { commit_lsn: commitLsn = '0/0', commit_time: commitTime = 0 } = _source
      return {
        systemIdentifier: String(id),
        timeline: Number(timeline),
        lsn: parseLsn(String(lsn)),
        commit: { lsn: parseLsn(String(commitLsn)), time: Number(commitTime) },
      }
    } catch (error) {
      if (error instanceof StoreError && error.status === 404) return null
      throw error
    }
  }

  async saveSource({ systemIdentifier, timeline, lsn, commit }: StoredSource): Promise<void> {
    const body = {
      system_identifier: systemIdentifier,
      timeline,
      lsn: formatLsn(lsn),
      commit_lsn: formatLsn(commit.lsn),
      commit_time: commit.time,
    }
    await this.#client.send({ method: 'PUT', path: this.#path(`_doc/${this.#sourceName}`), body })
  }

  /** What is known of the tables. */
  async tables(): Promise<StoredTable[]> {
    const tables: StoredTable[] = []
    for (let after: unknown[] | undefined; ;) {
      const answer = await this.#client.send<{
        hits: { hits: { _source: { table_state: string }; sort: unknown[] }[] }
      }>({
        method: 'POST',
        path: this.#path('_search'),
        body: {
          size: pageSize,
          sort: [{ table_id: 'asc' }],
          query: { prefix: { table_id: this.#tables } },
          ...(after ? { search_after: after } : {}),
        },
      })
      const { hits } = answer.hits
      for (const { _source } of hits) {
        const {
          is_gone: isGone = false,
          told_at: at,
          ...table
        } = JSON.parse(_source.table_state) as TableState
        const toldAt = at && { commitLsn: parseLsn(at.commit_lsn), lsn: parseLsn(at.lsn) }
        tables.push({ table, isGone, toldAt })
      }
      if (hits.length < pageSize) return tables
      after = hits.at(-1)!.sort
    }
  }

  /** Entries, and tables as they are from now on: durable when it resolves. */
  async save(entries: readonly SchemaLogEntry[], tables: readonly StoredTable[]): Promise<void> {
    const lines: Buffer[] = []
    for (const entry of entries) lines.push(this.#line('index', entry.id), json(entryDocument(entry)))
    for (const { table, isGone, toldAt } of tables) {
      const name = this.#tables + table.id
      if (isGone && !hasPast(table)) {
        lines.push(this.#line('delete', name))
        continue
      }
      const state: TableState = {
        ...table,
        ...(isGone ? { is_gone: true } : {}),
        ...(toldAt && {
          told_at: { commit_lsn: formatLsn(toldAt.commitLsn), lsn: formatLsn(toldAt.lsn) },
        }),
      }
      lines.push(this.#line('index', name), json({ table_id: name, table_state: JSON.stringify(state) }))
    }
    if (lines.length === 0) return
    const items = await this.#client.bulk(Buffer.concat(lines))
    for (const { status, error } of items === 'done' ? [] : items) {
      if (error !== null) throw new StoreError(status, error.type, error.reason)
    }
  }

  #line(action: 'index' | 'delete', id: string): Buffer {
    return json({
      [action]: { _index: this.#index, _id: id, ...(action === 'index' ? { require_alias: false } : {}) },
    })
  }

  #path(rest: string): string {
    return `/${encodeURIComponent(this.#index)}/${rest}`
  }
}

const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`)

/** As the same project in Go writes them, but that `acked` is true: they are applied. */
function entryDocument({ id, version, schemaName, schema, createdAt }: SchemaLogEntry): unknown {
  const [seconds = '', fraction = ''] = createdAt.split('.')
  return {
    id,
    version,
    schema_name: schemaName,
    schema: JSON.stringify(schema),
    created_at: `${seconds}.${fraction.padEnd(6, '0')}`,
    acked: true,
  }
}
