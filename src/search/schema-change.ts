import type { RetryPolicy } from '../pipeline/retry-policy.ts'
import type { SchemaLogEntry } from '../wal/schema-log.ts'
import type { History, StoredTable } from './history.ts'
import { aliasProperties } from './index-mapping.ts'
import type { Mapping } from './index-mapping.ts'
import { keepTrying } from './keep-trying.ts'
import type { Persistence } from './keep-trying.ts'
import { countOthers, deleteDocuments, identifyDocuments, moveDocuments } from './move-documents.ts'
import type { SchemaIndices } from './schema-indices.ts'
import type { SearchClient } from './search-client.ts'
import type { DocumentsStep, MapStep, SaveStep, Step } from './store-change.ts'
import { asSearchError, StoreError } from './store-error.ts'

export interface SchemaChangeOptions extends Persistence {
  readonly client: SearchClient
  readonly history: History
  readonly indices: SchemaIndices
  /** For what is only taken away. */
  readonly cleanupRetry: RetryPolicy
}

/** Changes indices. It never passes over one that fails: it tries again, or the stream ends. */
export class SchemaChanges {
  readonly #options: SchemaChangeOptions

  constructor(options: SchemaChangeOptions) {
    this.#options = options
  }

  /** Makes the fields and names of several steps at once: of a name that several have, the last. */
  async map(steps: readonly MapStep[], signal: AbortSignal): Promise<void> {
    const { indices } = this.#options
    const schemas = new Map<string, { fields: Record<string, Mapping>; names: Map<string, string> }>()
    for (const { schema, fields, names } of steps) {
      const known = schemas.get(schema) ?? { fields: {}, names: new Map<string, string>() }
      schemas.set(schema, known)
      Object.assign(known.fields, fields)
      for (const [name, field] of names) known.names.set(name, field)
    }
    for (const [schema, { fields, names }] of schemas) {
      const properties = { ...fields, ...aliasProperties(names) }
      await this.#try(`Changing the index of schema ${schema}`, signal, () => indices.map(schema, properties))
    }
  }

  /** Keeps what is known of tables, and entries of the schema log. */
  async save(steps: readonly SaveStep[], signal: AbortSignal): Promise<void> {
    const tables = new Map<string, StoredTable>()
    const entries: SchemaLogEntry[] = []
    for (const step of steps) {
      if (step.do === 'save-entry') entries.push(step.entry)
      else if (step.do === 'forget-table') tables.set(step.table.id, { table: step.table, isGone: true })
      else tables.set(step.table.id, { table: step.table, isGone: false, toldAt: step.toldAt })
    }
    await this.#try('Keeping the history of schemas', signal, () =>
      this.#options.history.save(entries, [...tables.values()]),
    )
  }

  async change(step: DocumentsStep, signal: AbortSignal): Promise<void> {
    const { client, indices, logger } = this.#options
    switch (step.do) {
      case 'delete-rows': {
        const { schema, tableId, until } = step
        const documents = { alias: indices.aliasOf(schema), tableIds: [tableId], until }
        const policy = step.because === 'drop' ? 'cleanup' : 'store'
        return this.#try('Deleting documents', signal, () => deleteDocuments(client, documents), policy)
      }
      case 'move-rows': {
        const { from, to, tableId } = step
        const [source, target] = [indices.aliasOf(from), indices.aliasOf(to)]
        return this.#try('Moving documents to another schema', signal, async () => {
          // this may come again, and documents may have values of columns that came later
          await indices.map(to, await indices.fieldsOf(from, tableId))
          await moveDocuments(client, { from: source, to: target, tableIds: [tableId] })
        })
      }
      case 'identify-rows': {
        const { table } = step
        const alias = indices.aliasOf(table.schema)
        const lost = await this.#try('Giving documents other ids', signal, () =>
          identifyDocuments(client, alias, table),
        )
        if (lost > 0) {
          logger.error(
            { schema: table.schema, table: table.name, rows: lost },
            'the table has another key, and the values of it are not in the WAL for rows that are older: those are deleted from the index; update them, or fill the index anew',
          )
        }
        return
      }
      case 'rename-schema':
        return this.#try('Renaming a schema', signal, () => this.#rename(step))
      case 'drop-schema':
        return this.#try('Dropping a schema', signal, () => this.#drop(step), 'cleanup')
    }
  }

  async #rename({ from, to, tableIds, isShared }: Extract<Step, { do: 'rename-schema' }>): Promise<void> {
    const { client, indices } = this.#options
    const index = await indices.indexOf(from)
    if (index === null) return
    const alias = indices.aliasOf(from)
    const documents = { alias, tableIds }
    if (isShared || (await indices.indexOf(to)) !== null || (await countOthers(client, documents)) > 0) {
      // this comes again: the index of the schema has its new name, or this one is of a schema that has the old name now
      await indices.map(to, await indices.fieldsOf(from))
      return moveDocuments(client, { from: alias, to: indices.aliasOf(to), tableIds })
    }
    await client.send({
      method: 'POST',
      path: '/_aliases',
      body: {
        actions: [{ add: { index, alias: indices.aliasOf(to) } }, { remove: { index, alias } }],
      },
    })
    indices.forget(from)
    indices.forget(to)
  }

  /** Documents that are younger, or of other tables, are of a schema that has the name again. */
  async #drop({ schema, tableIds, until, isShared }: Extract<Step, { do: 'drop-schema' }>): Promise<void> {
    const { client, indices } = this.#options
    const index = await indices.indexOf(schema)
    if (index === null) return
    const documents = { alias: indices.aliasOf(schema), tableIds, until }
    if (isShared || (await countOthers(client, documents)) > 0) return deleteDocuments(client, documents)
    await client.send({ method: 'DELETE', path: `/${encodeURIComponent(index)}` })
    indices.forget(schema)
  }

  async #try<T>(
    doing: string,
    signal: AbortSignal,
    act: () => Promise<T>,
    policy: 'store' | 'cleanup' = 'store',
  ): Promise<T> {
    const { retry, cleanupRetry } = this.#options
    try {
      const policyRetry = policy === 'cleanup' ? cleanupRetry : retry
      return await keepTrying(doing, act, { ...this.#options, signal, retry: policyRetry })
    } catch (error) {
      if (error instanceof StoreError) throw asSearchError(error, doing)
      throw error
    }
  }
}
