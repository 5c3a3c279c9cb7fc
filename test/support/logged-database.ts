import { migrate } from '../../src/postgres/migrate.ts'
import type { ColumnSchema, SchemaDelta, TableSchema } from '../../src/wal/schema-log.ts'
import { temporaryDatabase } from './postgres.ts'
import type { PostgresServer, TemporaryDatabase } from './postgres.ts'

export interface WrittenEntry {
  readonly id: string
  readonly version: string
  readonly schema_name: string
  readonly schema: SchemaDelta
}

/** A database with everything of `migrations/` in it, and nothing else of pgstream. */
export interface LoggedDatabase extends TemporaryDatabase {
  /** Runs statements, or a function that does, and gives the entries written since the last call. */
  readonly entriesOf: (act: string | (() => Promise<unknown>)) => Promise<WrittenEntry[]>
  /** The same as sentences: `public ALTER TABLE: t(id integer, b text)`. */
  readonly told: (act: string | (() => Promise<unknown>)) => Promise<string[]>
  /** The table as the last entry describes it that names it. */
  readonly described: (table: string) => Promise<TableSchema>
  /** What the session was warned of, since the last call. */
  readonly warnings: () => string[]
}

export async function loggedDatabase({ url }: Pick<PostgresServer, 'url'>): Promise<LoggedDatabase> {
  const database = await temporaryDatabase(url)
  let seen = 0n
  const warned: string[] = []
  database.client.on('notice', ({ severity, message }) => {
    if (severity === 'WARNING') warned.push(message ?? '')
  })
  const entriesOf: LoggedDatabase['entriesOf'] = async (act) => {
    await (typeof act === 'string' ? database.query(act) : act())
    const entries = await database.query<WrittenEntry>(
      'select id, version, schema_name, schema from pgstream.schema_log where version > $1 order by version',
      [seen],
    )
    for (const { version } of entries) seen = BigInt(version)
    return entries
  }
  try {
    await migrate(database.client)
  } catch (error) {
    await database[Symbol.asyncDispose]()
    throw error
  }
  return {
    ...database,
    entriesOf,
    told: async (act) => (await entriesOf(act)).map(inWords),
    described: async (table) => {
      const [entry] = await database.query<{ described: TableSchema }>(
        `select described from pgstream.schema_log, jsonb_array_elements(schema -> 'tables') as described
          where described ->> 'name' = $1 order by version desc limit 1`,
        [table],
      )
      if (entry === undefined) throw new Error(`no entry describes ${table}`)
      return entry.described
    },
    warnings: () => warned.splice(0),
  }
}

function inWords({ schema_name: schemaName, schema }: WrittenEntry): string {
  const facts = [
    ...schema.tables.map((table) => `${table.name}(${table.columns.map(columnInWords).join(', ')})`).sort(),
    ...schema.dropped_tables.map(({ name }) => `without ${name}`).sort(),
    ...(schema.renamed_from === undefined ? [] : [`renamed from ${schema.renamed_from}`]),
    ...(schema.dropped ? ['dropped'] : []),
  ]
  return `${schemaName} ${schema.command}: ${facts.join('; ')}`
}

const columnInWords = ({ name, type, unique, nullable }: ColumnSchema): string =>
  [name, type, ...(unique ? ['unique'] : []), ...(nullable ? [] : ['not null'])].join(' ')
