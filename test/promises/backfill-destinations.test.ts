import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BackfillProgress } from '../../src/postgres/backfill/backfill-progress.ts'
import { changeRows } from '../support/backfill/change-rows.ts'
import { filled } from '../support/backfill/fill.ts'
import { FoldedRows } from '../support/backfill/folded-rows.ts'
import { differencesInStore } from '../support/backfill/stored-rows.ts'
import { createTables, tableNames } from '../support/backfill/tables-to-fill.ts'
import { kafkaServers, temporaryTopic } from '../support/kafka.ts'
import { postgresSources } from '../support/postgres.ts'
import type { PostgresSource } from '../support/postgres.ts'
import { messagesOf } from '../support/read-topic.ts'
import { KilledProcesses } from '../support/search-oracle/killed-processes.ts'
import { searchSpace } from '../support/search.ts'
import { times } from '../support/soak.ts'
import { preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'
import { randomFrom } from '../support/workload/random.ts'

const only = process.env['PGSTREAM_TEST_SEED']
const total = Number(process.env['PGSTREAM_TEST_BACKFILL_SEEDS'] ?? 3)
const rowsPerTable = times(60, 100_000)
const tablesAtOnce = times(4, tableNames.length)
/** The pauses before kills, in milliseconds, are up to this. */
const longestPause = times(1_200, 20_000)
const kills = times(2, 10)

/** Kills pgstream while it fills a topic and an index. Gives what is wrong there at the end. */
async function trySeed(source: PostgresSource, seed: number): Promise<{ problems: string[]; rows: number }> {
  const random = randomFrom(seed)
  const tables = random.some(tableNames, tablesAtOnce)
  await using database = await preparedDatabase(source, {
    before: (fresh) => createTables(fresh, rowsPerTable, tables),
  })
  await using topic = await temporaryTopic()
  await using space = searchSpace()
  await using processes = new KilledProcesses([
    {
      PGSTREAM_POSTGRES_LISTENER_URL: database.url,
      PGSTREAM_POSTGRES_LISTENER_BACKFILL: 'true',
      PGSTREAM_KAFKA_SERVERS: kafkaServers().address.PLAINTEXT,
      PGSTREAM_KAFKA_TOPIC_NAME: topic.name,
      PGSTREAM_SEARCH_STORE_URL: space.url,
      PGSTREAM_SEARCH_INDEX_PREFIX: space.prefix,
      PGSTREAM_SEARCH_INDEX_REPLICAS: '0',
    },
  ])
  const stop = new AbortController()
  const changing = changeRows(database, {
    ...{ random, tables, pauseMs: 10 },
    ...{ rows: rowsPerTable, signal: stop.signal },
  })
  let progress: readonly BackfillProgress[] = []
  try {
    const isAsked = async (): Promise<boolean> =>
      (await database.query('select from pgstream.backfills')).length > 0
    await processes.until(isAsked, 'A backfill that was asked for')
    await processes.killOne(
      0,
      Array.from({ length: kills }, () => random.int(longestPause)),
    )
    await processes.until(isAsked, 'A backfill that goes on')
    progress = await filled(database.url, times(150_000, 1_800_000))
  } finally {
    stop.abort()
    await changing
  }
  assert.deepEqual(
    progress.filter(({ state }) => state !== 'done'),
    [],
  )

  const read = async (): Promise<FoldedRows> => {
    const rows = new FoldedRows()
    for await (const { value } of messagesOf(topic.name)) rows.take(value!.toString())
    return rows
  }
  let rows = await read()
  let problems = ['nothing was compared']
  // both destinations have everything some time after the last row is committed
  await eventually(
    async () => {
      processes.checkAlive()
      rows = await read()
      const inTopic = await rows.differences(database, tables)
      const inIndex = await differencesInStore(database, space, tables)
      problems = [
        ...inTopic.map((problem) => `the topic: ${problem}`),
        ...inIndex.map((problem) => `the index: ${problem}`),
      ]
      return problems.length === 0
    },
    { timeoutMs: times(20_000, 300_000), every: times(500, 10_000) },
  ).catch(() => undefined)
  return { problems, rows: rows.snapshots }
}

const title = 'existing rows, with kills and changes meanwhile, are right in a topic and in an index'
describe(title, () => {
  const sources = postgresSources()
  const seeds = only === undefined ? Array.from({ length: total }, (_, i) => i + 1) : [Number(only)]
  for (const [number, seed] of seeds.entries()) {
    const source = sources[number % sources.length]!
    test(`${source.label}: seed ${seed}`, async (context) => {
      const { problems, rows } = await trySeed(source, seed)
      context.diagnostic(`${rows} existing rows, ${kills} kills`)
      assert.deepEqual(problems, [], `PGSTREAM_TEST_SEED=${seed} tries it again`)
      assert.ok(rows > 0)
    })
  }
})
