import { preparedDatabase } from '../source.ts'
import { openSession } from '../session.ts'
import type { Session } from '../session.ts'
import type { PostgresSource, TemporaryDatabase } from '../postgres.ts'
import { openStream } from '../stream.ts'
import type { StreamOptions } from '../stream.ts'
import type { WalEvent } from '../../../src/wal/event.ts'
import { judge } from './judge.ts'
import { lastVersion, readSource } from './oracle/source-state.ts'
import type { SourceState } from './oracle/source-state.ts'
import type { Limits } from './oracle/compare-rows.ts'
import { openRunner } from './run-steps.ts'
import type { RunReport } from './run-steps.ts'
import type { Step, WorkloadOptions } from './step.ts'
import { identifier } from './values/quoting.ts'

/** One workload: what was done, what came of it, and what the stream said. */
export interface Outcome extends RunReport {
  readonly events: readonly WalEvent[]
  readonly source: SourceState
  readonly problems: readonly string[]
}

/** A prepared database with its stream, for one workload after the other. */
export interface Bench extends AsyncDisposable {
  /** Of the plugin. */
  readonly limits: Limits
  /** What the server can do. */
  readonly options: WorkloadOptions
  /** Runs the steps in the database, which is empty before and after, and compares it with what the stream says. */
  try(steps: readonly Step[], backfill?: BackfillOnTheWay): Promise<Outcome>
}

/** What was there before one of the steps is lost, and comes back meanwhile. */
export interface BackfillOnTheWay {
  readonly at: number
  readonly begin: (database: TemporaryDatabase) => Promise<unknown>
  readonly end: (database: TemporaryDatabase) => Promise<unknown>
}

const markPrefix = 'workload.mark'

export async function openBench(server: PostgresSource, streamed: StreamOptions = {}): Promise<Bench> {
  const isWal2json = server.plugin === 'wal2json'
  const limits: Limits = {
    generated: isWal2json || server.major >= 18 ? 'stored' : 'none',
    nanIsNull: isWal2json,
  }
  const database = await preparedDatabase(server, { before: createExtensions })
  const stream = openStream(database, streamed)
  const reader = await openSession(database.url, 'an oracle')
  const runner = openRunner(database.url)
  const options = { major: server.major, ...(await abilities(reader, database.name)) }
  let marks = 0
  const mark = async (): Promise<number> => {
    const name = String(++marks)
    await database.query('select pg_logical_emit_message(true, $1, $2::text)', [markPrefix, name])
    const isMark = (event: WalEvent): boolean =>
      event.kind === 'message' && event.prefix === markPrefix && event.content.toString() === name
    return stream.until((events) => {
      const at = events.findLastIndex(isMark)
      return at < 0 ? null : at
    }, `Mark ${name}`)
  }
  return {
    limits,
    options,
    try: async (steps, backfill) => {
      const since = await lastVersion(reader.client)
      const begin = await mark()
      let lost: number | undefined
      const report = await runner.run(steps, async (index) => {
        if (index !== backfill?.at) return
        lost = await mark()
        await backfill.begin(database)
      })
      await backfill?.end(database)
      const end = await mark()
      const source = await readSource(reader.client, since)
      const events = stream.events.slice(begin + 2, end)
      const cleared = await (async () => {
        await clear(reader)
        return stream.events.slice(end + 2, await mark())
      })()
      const lostAt = lost === undefined ? undefined : lost - begin - 2
      const problems = judge({ events, source, transactions: report.transactions, limits, cleared, lostAt })
      return { ...report, events, source, problems }
    },
    [Symbol.asyncDispose]: async () => {
      await runner[Symbol.asyncDispose]()
      await reader[Symbol.asyncDispose]()
      await stream[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

export async function createExtensions({ query }: Pick<TemporaryDatabase, 'query'>): Promise<void> {
  const available = await query<{ name: string }>(
    `select name from pg_available_extensions where name in ('hstore', 'citext')`,
  )
  for (const { name } of available) await query(`create extension ${name} schema public`)
}

export async function abilities(session: Session, prefix: string): Promise<WorkloadOptions> {
  const [can] = await session.query<{ extensions: boolean; prepare: boolean }>(
    `select (select count(*) = 2 from pg_extension where extname in ('hstore', 'citext')) as extensions,
            current_setting('max_prepared_transactions')::integer > 0 as prepare`,
  )
  return { extensions: can!.extensions, ...(can!.prepare ? { preparedPrefix: prefix } : {}) }
}

export async function clear(session: Session): Promise<void> {
  const schemas = await session.query<{ name: string }>(
    `select nspname as name from pg_namespace
      where nspname !~ '^pg_' and nspname not in ('information_schema', 'pgstream', 'public')`,
  )
  const names = schemas.map(({ name }) => identifier(name)).join(', ')
  if (names !== '') await session.query(`drop schema ${names} cascade`)
}
