import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { searchIndexer } from '../../../src/search/search-indexer.ts'
import { translator } from '../../../src/translator/translator.ts'
import type { WalEvent } from '../../../src/wal/event.ts'
import type { PostgresSource } from '../postgres.ts'
import { searchSpace } from '../search.ts'
import type { SearchSpace } from '../search.ts'
import { openSession } from '../session.ts'
import { preparedDatabase } from '../source.ts'
import { openStream } from '../stream.ts'
import { abilities, clear, createExtensions } from '../workload/bench.ts'
import { generate } from '../workload/generate.ts'
import { judge as judgeStream } from '../workload/judge.ts'
import type { Limits } from '../workload/oracle/compare-rows.ts'
import { lastVersion, readSource } from '../workload/oracle/source-state.ts'
import { randomFrom } from '../workload/random.ts'
import { openRunner } from '../workload/run-steps.ts'
import { judgeStore } from './judge-store.ts'
import { KilledProcesses } from './killed-processes.ts'
import { withArrays } from './print-arrays.ts'
import type { PrintedTable } from './print-arrays.ts'
import { readStore } from './read-store.ts'

export interface SearchOracle extends AsyncDisposable {
  /** What is wrong after the workload of a seed, with SIGKILLs in its midst. What was there before is dropped first. */
  try(seed: number): Promise<readonly string[]>
  /** What is wrong when all of that comes once more, to a process that is not killed: the others are, until the next seed. */
  comesAgain(): Promise<readonly string[]>
  readonly kills: number
  /** Tables that were compared, and rows of theirs. */
  readonly compared: { tables: number; rows: number; leftOut: number }
}

/** Where changes come from and go to. */
export interface Place {
  readonly url: string
  readonly slot: string
  readonly space: SearchSpace
}

const slot = 'search_oracle'

/**
 * A database whose changes go to a search store by way of processes that are killed. `settings` are those of the
 * processes.
 */
export async function openSearchOracle(
  server: PostgresSource,
  settings: (place: Place) => readonly Readonly<Record<string, string>>[],
): Promise<SearchOracle> {
  const database = await preparedDatabase(server, { before: createExtensions })
  const name = `${slot}_${database.name}`
  await database.query(`select pg_create_logical_replication_slot($1, $2)`, [name, server.plugin])
  await database.query('create table sentinel (id int primary key)')
  const [sentinel] = await database.query<{ id: string }>(
    `select pgstream.table_id('sentinel'::regclass)::text as id`,
  )
  const space = searchSpace()
  const stream = openStream(database)
  const processes = new KilledProcesses(settings({ url: database.url, slot: name, space }))
  const reader = await openSession(database.url, 'an oracle')
  const runner = openRunner(database.url)
  const options = { major: server.major, keyed: true, ...(await abilities(reader, database.name)) }
  const isWal2json = server.plugin === 'wal2json'
  const limits: Limits = {
    generated: isWal2json || server.major >= 18 ? 'stored' : 'none',
    nanIsNull: isWal2json,
  }
  const compared = { tables: 0, rows: 0, leftOut: 0 }
  let marks = 0
  let tables: PrintedTable[] = []
  let events: readonly WalEvent[] = []

  /** A row behind everything that was committed before. Gives its place in the stream. */
  const mark = (): Promise<number> => {
    const id = ++marks
    return database.query('insert into sentinel values ($1)', [id]).then(() =>
      stream.until((all) => {
        const found = all.findLastIndex(
          (event) => event.kind === 'insert' && event.relation.table === 'sentinel' && event.values[0] === id,
        )
        return found < 0 ? null : found
      }, `Row ${id} in the stream`),
    )
  }
  /** Requests of one batch are under way at the same time: the row may be there before the others, but not a later one. */
  const settled = async (): Promise<void> => {
    for (let batch = 0; batch < 2; batch++) {
      const row = ++marks
      await database.query('insert into sentinel values ($1)', [row])
      const path = `${space.prefix}public/_doc/${sentinel!.id}_${row}`
      const isThere = async (): Promise<boolean> => (await space.ask<{ found: boolean }>('GET', path)).found
      await processes.until(isThere, `Row ${row} in the store`)
    }
  }
  const judge = async (): Promise<ReturnType<typeof judgeStore>> => {
    const store = await readStore(space)
    store.documents.delete(sentinel!.id)
    return judgeStore({ tables, events, store, prefix: space.prefix, limits })
  }

  return {
    get kills() {
      return processes.kills
    },
    compared,
    try: async (seed) => {
      processes.start()
      await clear(reader)
      const since = await lastVersion(reader.client)
      const begin = await mark()
      const steps = generate(seed, options)
      const random = randomFrom(seed)
      // while rows come, while it begins anew, or both
      const pauses = seed % 8 === 0 ? [random.int(600), 200 + random.int(800)] : [random.int(1500)]
      const [{ transactions }] = await Promise.all([runner.run(steps), processes.killOne(seed, pauses)])
      const [end, all] = await Promise.all([mark(), readSource(reader.client, since)])
      const source = { ...all, tables: all.tables.filter(({ name }) => name !== 'sentinel') }
      tables = []
      for (const table of source.tables) tables.push(await withArrays(reader.client, table))
      // behind the commit of the one mark, before the other
      events = stream.events.slice(begin + 2, end)
      await settled()
      // what the stream did not tell of excuses nothing: it has to be whole
      const untold = judgeStream({ events, source, transactions, limits })
      const { problems: wrong, ...counts } = await judge()
      const problems = [...wrong, ...untold.map((problem) => `the stream itself: ${problem}`)]
      compared.tables += counts.tables
      compared.rows += counts.rows
      compared.leftOut += counts.leftOut
      return problems.length === 0 ? problems : [...problems, processes.said]
    },
    comesAgain: async () => {
      await processes[Symbol.asyncDispose]()
      const { url, prefix: indexPrefix } = space
      await pipeline(Readable.from(events), translator(), searchIndexer({ url, indexPrefix, replicas: 0 }))
      return (await judge()).problems
    },
    [Symbol.asyncDispose]: async () => {
      await processes[Symbol.asyncDispose]()
      await runner[Symbol.asyncDispose]()
      await reader[Symbol.asyncDispose]()
      await stream[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
      await space[Symbol.asyncDispose]()
    },
  }
}
