import { init } from '../../src/postgres/init.ts'
import type { ChangeEvent } from '../../src/wal/event.ts'
import type { PostgresServer, TemporaryDatabase } from './postgres.ts'
import { preparedDatabase } from './source.ts'
import { openStream } from './stream.ts'
import type { TestStream } from './stream.ts'

/** A database with a slot of each plugin, and the stream of each. Disposing ends the streams first. */
export interface BothPlugins extends AsyncDisposable, Pick<TemporaryDatabase, 'query'> {
  readonly database: TemporaryDatabase
  readonly streams: Readonly<Record<'pgoutput' | 'wal2json', TestStream>>
  /** Runs statements and gives the changes that were committed meanwhile, as each stream has them. */
  changesOf(act: string | (() => Promise<unknown>)): Promise<Record<'pgoutput' | 'wal2json', ChangeEvent[]>>
}

/** `before` sets the database up. */
export async function openBothPlugins(
  server: Pick<PostgresServer, 'url'>,
  before: (database: TemporaryDatabase) => Promise<unknown> = () => Promise.resolve(),
): Promise<BothPlugins> {
  const database = await preparedDatabase({ url: server.url, plugin: 'pgoutput' }, { before })
  const slotName = `${database.name}_wal2json`
  await init({ url: database.url, plugin: 'wal2json', slotName, waitTimeoutMs: 30_000 })
  const streams = { pgoutput: openStream(database), wal2json: openStream(database, { slotName }) }
  return {
    database,
    streams,
    query: (sql, values) => database.query(sql, values),
    changesOf: async (act) => {
      let wal2json: ChangeEvent[] = []
      const pgoutput = await streams.pgoutput.changesOf(async () => {
        wal2json = await streams.wal2json.changesOf(act)
      })
      const isMark = (event: ChangeEvent): boolean => event.kind === 'message' && event.prefix === 'test.mark'
      return { pgoutput: pgoutput.filter((event) => !isMark(event)), wal2json }
    },
    [Symbol.asyncDispose]: async () => {
      await streams.pgoutput[Symbol.asyncDispose]()
      await streams.wal2json[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}
