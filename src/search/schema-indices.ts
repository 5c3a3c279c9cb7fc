import { PgstreamError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { commonProperties } from './index-mapping.ts'
import type { Mapping } from './index-mapping.ts'
import { aliasOfSchema, indexOfSchema } from './names.ts'
import type { SearchClient } from './search-client.ts'
import { StoreError } from './store-error.ts'

export interface SchemaIndicesOptions {
  readonly client: SearchClient
  readonly logger: Logger
  readonly prefix: string
  readonly generation: number
  readonly shards: number
  readonly replicas: number
}

type Properties = Readonly<Record<string, Mapping>>

/** As many fields as the same project in Go allows from the start. */
const standardFields = 2000
/** Longer than it takes until a change comes again that is older than a delete. */
const deletesKept = '1h'

/** The index of each schema, behind its alias. */
export class SchemaIndices {
  readonly #options: SchemaIndicesOptions
  /** Aliases that are known to lead to an index of this generation. */
  readonly #ensured = new Set<string>()

  constructor(options: SchemaIndicesOptions) {
    this.#options = options
  }

  aliasOf(schema: string): string {
    return this.#options.prefix + aliasOfSchema(schema)
  }

  /** Somebody else may have changed it. */
  forget(schema: string): void {
    this.#ensured.delete(schema)
  }

  /** Resolves when the index is there and has these properties. */
  async map(schema: string, properties: Properties): Promise<void> {
    if (!this.#ensured.has(schema)) {
      const behind = await this.#behind(this.aliasOf(schema))
      if (!behind.some((index) => this.#isOurs(index))) {
        await this.#make(schema, properties, behind)
        this.#ensured.add(schema)
        return
      }
      this.#ensured.add(schema)
    }
    if (Object.keys(properties).length > 0) await this.#put(schema, properties)
  }

  /** The index of this generation behind the alias; null when there is none. */
  async indexOf(schema: string): Promise<string | null> {
    const behind = await this.#behind(this.aliasOf(schema))
    return behind.find((index) => this.#isOurs(index)) ?? null
  }

  /** All that a table, or any of them, ever had in the index of a schema; not the names that lead there. */
  async fieldsOf(schema: string, tableId = '*'): Promise<Properties> {
    const alias = encodeURIComponent(this.aliasOf(schema))
    const query = { filter_path: `*.mappings.properties.${tableId}-*` }
    const found = await this.#unlessMissing(
      this.#options.client.send<Record<string, { mappings: { properties?: Properties } }>>({
        method: 'GET',
        path: `/${alias}/_mapping`,
        query,
      }),
    )
    const { properties = {} } = Object.values(found ?? {})[0]?.mappings ?? {}
    const isField = ([, { type }]: [string, Mapping]): boolean => type !== undefined && type !== 'alias'
    return Object.fromEntries(Object.entries(properties).filter(isField))
  }

  /** An index keeps its name when its schema is renamed: only the end of it says something. */
  #isOurs(index: string): boolean {
    return new RegExp(`-${this.#options.generation}(\\.\\d+)?$`).test(index)
  }

  /** The indices that an alias leads to. */
  async #behind(alias: string): Promise<string[]> {
    const found = await this.#unlessMissing(
      this.#send<Record<string, unknown>>('GET', `_alias/${encodeURIComponent(alias)}`),
    )
    return Object.keys(found ?? {})
  }

  async #make(schema: string, properties: Properties, older: readonly string[]): Promise<void> {
    const { prefix, generation, shards, replicas, logger } = this.#options
    const alias = this.aliasOf(schema)
    const all = { ...commonProperties, ...properties }
    const body = {
      settings: {
        number_of_shards: shards,
        number_of_replicas: replicas,
        'index.mapping.total_fields.limit': Math.max(standardFields, 2 * countFields(all)),
        'index.gc_deletes': deletesKept,
      },
      mappings: { dynamic: 'strict', properties: all },
      aliases: older.length === 0 ? { [alias]: {} } : {},
    }
    const first = prefix + indexOfSchema(schema, generation)
    for (let attempt = 1; ; attempt++) {
      // an index keeps its name when its schema is renamed, and then the name is taken
      const index = attempt === 1 ? first : `${first}.${attempt}`
      try {
        await this.#send('PUT', encodeURIComponent(index), body)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        if (error.type === 'invalid_alias_name_exception') {
          await this.#removeImpostor(alias)
          attempt--
          continue
        }
        if (error.type !== 'resource_already_exists_exception') throw error
        if (await this.#isOfOther(index, alias)) continue
        await this.#pointTo(index, alias, older)
        return this.#put(schema, all)
      }
      if (older.length > 0) await this.#pointTo(index, alias, older)
      logger.info({ index, alias }, 'an index was made for the schema')
      return
    }
  }

  async #isOfOther(index: string, alias: string): Promise<boolean> {
    const found = await this.#send<Record<string, { aliases: Record<string, unknown> }>>(
      'GET',
      `${encodeURIComponent(index)}/_alias`,
    )
    const aliases = Object.keys(found[index]?.aliases ?? {})
    return aliases.length > 0 && !aliases.includes(alias)
  }

  /** The alias leads there and nowhere else: an older generation keeps its documents without it. */
  async #pointTo(index: string, alias: string, older: readonly string[]): Promise<void> {
    const others = older.filter((other) => other !== index)
    const actions = [
      ...others.map((other) => ({ remove: { index: other, alias } })),
      { add: { index, alias } },
    ]
    await this.#send('POST', '_aliases', { actions })
  }

  /** A delete makes an index where there is no alias: it has the name and no documents. */
  async #removeImpostor(alias: string): Promise<void> {
    const path = encodeURIComponent(alias)
    const counted = await this.#unlessMissing(this.#send<{ count: number }>('GET', `${path}/_count`))
    if (counted === null) return
    if (counted.count > 0) {
      throw new PgstreamError(
        'PGSTREAM_SEARCH_INDEX',
        `There is an index ${alias} that is not of pgstream, and its name is needed for an alias.`,
        { remedy: 'Delete or rename it, or set PGSTREAM_SEARCH_INDEX_PREFIX.' },
      )
    }
    await this.#send('DELETE', path)
  }

  async #unlessMissing<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
    try {
      return await asked
    } catch (error) {
      if (error instanceof StoreError && error.status === 404) return null
      throw error
    }
  }

  async #put(schema: string, properties: Properties): Promise<void> {
    const alias = encodeURIComponent(this.aliasOf(schema))
    try {
      await this.#send('PUT', `${alias}/_mapping`, { properties })
    } catch (error) {
      const limit = error instanceof StoreError ? fieldLimit(error) : null
      if (limit !== null) {
        const raised = 2 * Math.max(limit, countFields(properties))
        await this.#send('PUT', `${alias}/_settings`, { 'index.mapping.total_fields.limit': raised })
        this.#options.logger.info({ schema, fields: raised }, 'the index may have more fields now')
        return this.#put(schema, properties)
      }
      if (error instanceof StoreError && error.status === 404 && this.#ensured.has(schema)) {
        this.forget(schema)
        await this.map(schema, properties)
        return
      }
      throw error
    }
  }

  async #send<Answer>(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<Answer> {
    return this.#options.client.send<Answer>({ method, path: `/${path}`, body })
  }
}

function fieldLimit({ status, reason }: StoreError): number | null {
  const limit = status === 400 ? /total fields \[(\d+)\]/.exec(reason)?.[1] : undefined
  return limit === undefined ? null : Number(limit)
}

/** Fields, objects and what is within them. */
function countFields(properties: Readonly<Record<string, unknown>>): number {
  return Object.values(properties).reduce<number>((sum, mapping) => {
    const { properties: inner = {}, fields = {} } = mapping as { properties?: object; fields?: object }
    return sum + 1 + Object.keys(fields).length + countFields(inner as Record<string, unknown>)
  }, 0)
}
