import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { translator } from '../../src/translator/translator.ts'
import { postgresSources } from '../support/postgres.ts'
import type { PostgresSource } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'
import { times } from '../support/soak.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { abilities, clear, createExtensions } from '../support/workload/bench.ts'
import { generate } from '../support/workload/generate.ts'
import { randomFrom } from '../support/workload/random.ts'
import { RestartedStream, toldRows } from '../support/workload/restarted-stream.ts'
import { openRunner } from '../support/workload/run-steps.ts'

const total = Number(process.env['PGSTREAM_TEST_SEEDS'] ?? times(24, 240))
const only = process.env['PGSTREAM_TEST_SEED']
const all = only === undefined ? Array.from({ length: total }, (_, i) => i + 1) : [Number(only)]
/** Of one test, with a database of its own. */
const seedsPerTest = 12
const groups = Array.from({ length: Math.ceil(all.length / seedsPerTest) }, (_, i) =>
  all.slice(i * seedsPerTest, (i + 1) * seedsPerTest),
)

/** How many rows of streams that started again were compared with those of one that never stopped. */
async function compareRows(source: PostgresSource, seeds: readonly number[]): Promise<number> {
  await using database = await preparedDatabase(source, { before: createExtensions })
  await using whole = openStream(database, { stages: [translator()] })
  await using session = await openSession(database.url, 'a test')
  await using runner = openRunner(database.url)
  const options = { major: source.major, ...(await abilities(session, database.name)) }
  let compared = 0
  for (const seed of seeds) {
    const random = randomFrom(seed)
    await using one = await RestartedStream.make(database, source, 'one')
    await using other = await RestartedStream.make(database, source, 'other')
    const streams = [one, other]
    const begin = whole.events.length
    await clear(session)
    const steps = generate(seed, options)
    const starts = streams.flatMap((stream) =>
      [1, 2, 3].map(() => ({ stream, at: random.int(steps.length) })),
    )
    const startAgain = async (stream: RestartedStream): Promise<void> => {
      const commits = whole.events.slice(begin).filter((event) => event.kind === 'commit')
      if (commits.length > 0) await stream.startAgain(commits[random.int(commits.length)]!)
    }
    // not awaited: wal2json waits for the end of a transaction of the workload that has the index of a key locked
    let started = Promise.resolve()
    await runner.run(steps, async (index) => {
      for (const { stream, at } of starts) if (at === index) started = started.then(() => startAgain(stream))
    })
    await started
    await whole.changesOf('select')
    const expected = toldRows(whole.events)
    for (const stream of streams) {
      for (const [place, row] of toldRows(await stream.events())) {
        compared++
        assert.deepEqual(row, expected.get(place), `seed ${seed}, the row at ${place}`)
      }
    }
  }
  return compared
}

describe('a stream that starts again amid a random workload', { concurrency: 3 }, () => {
  for (const seeds of groups) {
    for (const source of postgresSources()) {
      const title = `${source.label}: says of each row what one that never stopped says`
      test(`${title}, seeds ${seeds[0]!} to ${seeds.at(-1)!}`, async () => {
        const compared = await compareRows(source, seeds)
        console.log(`${source.label}: compared ${compared} rows`)
        assert.ok(compared > seeds.length)
      })
    }
  }
})
