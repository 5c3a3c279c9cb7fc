import { init } from '../../../src/postgres/init.ts'
import { preparedDatabase } from '../source.ts'
import { openSession } from '../session.ts'
import type { Session } from '../session.ts'
import type { PostgresSource, TemporaryDatabase } from '../postgres.ts'
import { openStream } from '../stream.ts'
import type { StreamOptions, TestStream } from '../stream.ts'
import type { WalEvent } from '../../../src/wal/event.ts'
import { compareStreams } from './compare-streams.ts'
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
  /** Of the first source's stream. */
  readonly events: readonly WalEvent[]
  readonly source: SourceState
  /** Of all streams. */
  readonly problems: readonly string[]
}

/** A prepared database with its streams, for one workload after the other. */
export interface Bench extends AsyncDisposable {
  /** Of the first source's plugin. */
  readonly limits: Limits
  /** What the server can do. */
  readonly options: WorkloadOptions
  /** Runs the steps in the database, which is empty before and after, and compares it with what each stream says. */
  try(steps: readonly Step[], backfill?: BackfillOnTheWay): Promise<Outcome>
}

/** What was there before one of the steps is lost, and comes back meanwhile. */
export interface BackfillOnTheWay {
  readonly at: number
  readonly begin: (database: TemporaryDatabase) => Promise<unknown>
  readonly end: (database: TemporaryDatabase) => Promise<unknown>
}

const markPrefix = 'workload.mark'

/**
 * A database for one source, or for several of one server: the statements are run once, and each of them has a slot of
 * its own to be judged by.
 */
export async function openBench(
  sources: PostgresSource | readonly [PostgresSource, ...PostgresSource[]],
  streamed: StreamOptions = {},
): Promise<Bench> {
  const [first, ...others] = 'url' in sources ? [sources] : sources
  const database = await preparedDatabase(first, { before: createExtensions })
  const readers = [openReader(first, database, streamed)]
  for (const source of others) {
    const slotName = `${database.name}_${source.plugin}`
    await init({ url: database.url, plugin: source.plugin, slotName })
    readers.push(openReader(source, database, { ...streamed, slotName }))
  }
  const session = await openSession(database.url, 'an oracle')
  const runner = openRunner(database.url)
  const options = { major: first.major, ...(await abilities(session, database.name)) }
  let marks = 0
  /** Where it is in each stream. */
  const mark = async (): Promise<number[]> => {
    const name = String(++marks)
    await database.query('select pg_logical_emit_message(true, $1, $2::text)', [markPrefix, name])
    return Promise.all(readers.map((reader) => placeOf(name, reader)))
  }
  return {
    limits: readers[0]!.limits,
    options,
    try: async (steps, backfill) => {
      const since = await lastVersion(session.client)
      const begin = await mark()
      let lost: readonly number[] | undefined
      const report = await runner.run(steps, async (index) => {
        if (index !== backfill?.at) return
        lost = await mark()
        await backfill.begin(database)
      })
      await backfill?.end(database)
      const end = await mark()
      const state = await readSource(session.client, since)
      await clear(session)
      const cleared = await mark()
      const told = readers.map(({ source, stream, limits }, i) => {
        const from = begin[i]! + 2
        const events = stream.events.slice(from, end[i])
        const problems = judge({
          events,
          source: state,
          transactions: report.transactions,
          limits,
          cleared: stream.events.slice(end[i]! + 2, cleared[i]),
          lostAt: lost && lost[i]! - from,
        })
        return { events, problems: problems.map((text) => `${source.label}: ${text}`) }
      })
      const problems = [
        ...told.flatMap((each) => each.problems),
        ...told.slice(1).flatMap(({ events }) => compareStreams(told[0]!.events, events)),
      ]
      return { ...report, events: told[0]!.events, source: state, problems }
    },
    [Symbol.asyncDispose]: async () => {
      await runner[Symbol.asyncDispose]()
      await session[Symbol.asyncDispose]()
      for (const { stream } of readers) await stream[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

interface Reader {
  readonly source: PostgresSource
  readonly limits: Limits
  readonly stream: TestStream
}

function openReader(source: PostgresSource, database: TemporaryDatabase, streamed: StreamOptions): Reader {
  const isWal2json = source.plugin === 'wal2json'
  const limits: Limits = {
    generated: isWal2json || source.major >= 18 ? 'stored' : 'none',
    nanIsNull: isWal2json,
  }
  return { source, limits, stream: openStream(database, streamed) }
}

async function placeOf(mark: string, { source, stream }: Reader): Promise<number> {
  const isMark = (event: WalEvent): boolean =>
    event.kind === 'message' && event.prefix === markPrefix && event.content.toString() === mark
  return stream.until((events) => {
    const at = events.findLastIndex(isMark)
    return at < 0 ? null : at
  }, `Mark ${mark} by way of ${source.label}`)
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
