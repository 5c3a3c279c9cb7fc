import type pg from 'pg'
import { pauseUnlessAborted } from '../pipeline/pause-unless-aborted.ts'
import { silentLogger } from '../telemetry/logger.ts'
import type { Logger } from '../telemetry/logger.ts'
import { formatLsn, parseLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { Relation } from '../wal/relation.ts'
import type { Mark, SchemaStore, StoredEntry, TakeKnownEntry, TransactionPlace } from '../wal/schema-store.ts'
import { examineStore } from './examine-store.ts'
import { defineTable } from './define-table.ts'
import { findMissing, readEntriesBefore } from './read-schema-log.ts'
import type { LogView } from './read-schema-log.ts'
import { otherStore, StoreConnection } from './store-connection.ts'
import type { TableOrigin } from './table-origin.ts'
import { TellOnce } from './tell-once.ts'

export interface SchemaLogStoreOptions {
  /** The database that `pgstream init` prepared: the source itself. */
  readonly url: string
  readonly logger?: Logger | undefined
  /** The server was reached before: when it is away at the start, it is waited for. Default: that is an error. */
  readonly reachedBefore?: boolean | undefined
}

/**
 * The schema log of a Postgres source, for a translator: `translator({ store: schemaLogStore({ url }) })`. Connects when it
 * is first used. The user needs to read `pgstream.schema_log` and to read and add to `pgstream.schema_marks`.
 */
export const schemaLogStore = (options: SchemaLogStoreOptions): SchemaStore => new SchemaLogStore(options)

const firstPauseMs = 20
const longestPauseMs = 1_000
/** What is over sooner is not worth a word. */
const tellAfterMs = 2_000

class SchemaLogStore implements SchemaStore {
  readonly #connection: StoreConnection
  readonly #logger: Logger
  readonly #tell: TellOnce
  #view: Omit<LogView, 'place'> | null = null

  constructor({ url, logger = silentLogger, reachedBefore = false }: SchemaLogStoreOptions) {
    this.#logger = logger
    this.#tell = new TellOnce(logger)
    const examine = (client: pg.Client): Promise<void> => this.#examine(client)
    this.#connection = new StoreConnection({ url, logger, reachedBefore, examine })
  }

  async #examine(client: pg.Client): Promise<void> {
    const origin = await examineStore(client)
    const before = this.#view?.origin
    if (before && !isSame(before, origin)) throw otherStore()
    this.#view ??= { origin, wholeFrom: parseLsn('0/0') }
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#connection.use('connecting to the schema log', signal, (client) => client.query('select'))
  }

  async readState(commitLsn: Lsn, start: () => TakeKnownEntry, signal: AbortSignal): Promise<Lsn> {
    for (const waiting = this.#waiting(signal); ;) {
      const until = await this.#connection.use('reading the schema log', signal, async (client) => {
        await client.query('begin isolation level repeatable read read only')
        const read = await this.#tryToRead(client, commitLsn, start())
        await client.query('commit')
        return read
      })
      if (until !== null) return until
      await waiting('the entries of the schema log that were streamed before are not visible yet')
    }
  }

  /** Null when entries are not visible that belong to the state. */
  async #tryToRead(client: pg.Client, place: Lsn, take: TakeKnownEntry): Promise<Lsn | null> {
    const { origin } = this.#view!
    const missing = await findMissing(client, { origin, place })
    if (missing.toCome > 0) return null
    if (missing.removed > 0) {
      this.#logger.warn(
        { removed: missing.removed },
        'entries were removed from pgstream.schema_log: tables are described anew as their rows come, as they are now',
      )
    }
    const view = (this.#view = { origin, wholeFrom: missing.wholeFrom })
    // behind everything that this snapshot shows
    const { rows } = await client.query<{ end: string }>('select pg_current_wal_insert_lsn()::text as end')
    for await (const { entry, isMarked } of readEntriesBefore(client, { ...view, place }))
      take(entry, !isMarked)
    return parseLsn(rows[0]!.end)
  }

  async define(
    relation: Relation,
    place: TransactionPlace,
    signal: AbortSignal,
  ): Promise<readonly StoredEntry[]> {
    for (const waiting = this.#waiting(signal); ;) {
      const found = await this.#connection.use('looking up a table in the schema log', signal, (client) =>
        defineTable({ client, view: this.#view!, relation, place, logger: this.#logger }),
      )
      if (found !== null) return found
      await waiting('a transaction that was streamed is not visible yet')
    }
  }

  async mark(marks: readonly Mark[], signal: AbortSignal): Promise<void> {
    await this.#connection.use('marking entries of the schema log', signal, (client) =>
      client.query(
        `insert into pgstream.schema_marks (entry_id, system_identifier, commit_end, xid)
         select m.id, $1, m.commit_end::pg_lsn, m.xid::xid8
         from unnest($2::text[], $3::text[], $4::text[]) as m (id, commit_end, xid)
         on conflict do nothing`,
        [
          String(this.#view!.origin.systemId),
          marks.map(({ entry }) => entry.id),
          marks.map(({ commitEnd }) => formatLsn(commitEnd)),
          marks.map(({ entry }) => entry.schema.xid),
        ],
      ),
    )
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  /** Longer each time, and with a word when it takes long: Postgres streams a commit before it shows it to others. */
  #waiting(signal: AbortSignal): (what: string) => Promise<void> {
    const began = performance.now()
    let pauseMs = firstPauseMs
    return async (what) => {
      if (performance.now() - began > tellAfterMs) {
        this.#tell.warn({}, `waiting: ${what}; does a synchronous standby not answer?`)
      }
      await pauseUnlessAborted(pauseMs, signal)
      pauseMs = Math.min(longestPauseMs, pauseMs * 1.5)
    }
  }
}

const isSame = (a: TableOrigin, b: TableOrigin): boolean =>
  a.systemId === b.systemId && a.databaseOid === b.databaseOid
