import type pg from 'pg'
import { init } from '../../src/postgres/init.ts'
import { defaultSlotName } from '../../src/postgres/slot-name.ts'
import { temporaryDatabase } from './postgres.ts'
import type { PostgresSource, TemporaryDatabase } from './postgres.ts'
import { openStream } from './stream.ts'
import type { StreamOptions, TestStream } from './stream.ts'

/** A database that `init` prepared, and its stream. Disposing ends the stream first. */
export interface Source
  extends AsyncDisposable, Pick<TemporaryDatabase, 'query'>, Pick<TestStream, 'changesOf'> {
  readonly database: TemporaryDatabase
  readonly stream: TestStream
}

/** Where `init` is run, and with which plugin; pgoutput if nothing is said. */
export type SourceServer = Pick<PostgresSource, 'url'> & Partial<Pick<PostgresSource, 'plugin'>>

export async function openSource(server: SourceServer, options: StreamOptions = {}): Promise<Source> {
  const database = await preparedDatabase(server)
  const stream = openStream(database, options)
  return {
    database,
    stream,
    query: (sql, values) => database.query(sql, values),
    changesOf: (act) => stream.changesOf(act),
    [Symbol.asyncDispose]: async () => {
      await stream[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** A database that `init` prepared. `before` may set it up before that. */
export async function preparedDatabase(
  server: SourceServer,
  options: {
    name?: string
    encoding?: string
    before?: (database: TemporaryDatabase) => Promise<unknown>
  } = {},
): Promise<TemporaryDatabase> {
  const database = await temporaryDatabase(server.url, options)
  try {
    await options.before?.(database)
    await init({ url: database.url, plugin: server.plugin, waitTimeoutMs: 30_000 })
    return database
  } catch (error) {
    await database[Symbol.asyncDispose]()
    throw error
  }
}

export const slotNameOf = (database: Pick<TemporaryDatabase, 'name'>): string =>
  defaultSlotName(database.name)

/** Where the slot stands in the eyes of the server. */
export async function confirmedLsn(
  database: TemporaryDatabase,
  client: pg.Client = database.client,
): Promise<bigint> {
  const { rows } = await client.query<{ lsn: string }>(
    `select (confirmed_flush_lsn - '0/0')::text as lsn from pg_replication_slots where slot_name = $1`,
    [slotNameOf(database)],
  )
  return BigInt(rows[0]!.lsn)
}
