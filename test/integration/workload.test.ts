import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { postgresSources } from '../support/postgres.ts'
import type { PostgresSource } from '../support/postgres.ts'
import { openBench } from '../support/workload/bench.ts'
import type { Bench } from '../support/workload/bench.ts'
import { generate } from '../support/workload/generate.ts'
import { describeFailure } from '../support/workload/describe-failure.ts'

const total = Number(process.env['PGSTREAM_TEST_SEEDS'] ?? 200)
/** A seed, or the first and the last of some: `201-400`. */
const only = process.env['PGSTREAM_TEST_SEED']
/** As many as leave 200 seeds two minutes on two cores; `generate` has more if it is not told. */
const statements = 48
/** Of one test, with a database of its own: what a stream has told is kept in memory. */
const seedsPerTest = 50

function seedsByTest(): number[][] {
  const [first = 1, last = only === undefined ? total : first] = only?.split('-').map(Number) ?? []
  const seeds = Array.from({ length: last - first + 1 }, (_, i) => first + i)
  const tests = Array.from({ length: Math.ceil(seeds.length / seedsPerTest) }, (_, i) => i * seedsPerTest)
  return tests.map((from) => seeds.slice(from, from + seedsPerTest))
}

type Sources = readonly [PostgresSource, ...PostgresSource[]]

/** One server with all its plugins: they read the same statements, which is a third less to do than one after the other. */
function sourcesByServer(): Sources[] {
  const sources = postgresSources()
  const firsts = sources.filter(({ url }, i) => sources.findIndex((source) => source.url === url) === i)
  return firsts.map((first) => [
    first,
    ...sources.filter((source) => source !== first && source.url === first.url),
  ])
}

async function trySeed(bench: Bench, sources: Sources, seed: number): Promise<number> {
  const steps = generate(seed, { ...bench.options, length: statements })
  const outcome = await bench
    .try(steps)
    .catch((error: Error) => ({ problems: [error.stack ?? error.message] }))
  if (outcome.problems.length > 0 || !('events' in outcome)) {
    assert.fail(await describeFailure({ sources, seed, steps, problems: outcome.problems }))
  }
  assert.ok(outcome.events.length > 0)
  return outcome.failures.length / steps.length
}

describe('the stream of a random workload rebuilds its source', { concurrency: true }, () => {
  for (const sources of sourcesByServer()) {
    const label = sources.map((source) => source.label).join(' and ')
    describe(label, { concurrency: 1 }, () => {
      for (const seeds of seedsByTest()) {
        const title = `rows, tables and order of the seeds ${seeds[0]!} to ${seeds.at(-1)!}`
        test(`${label}: ${title}`, async () => {
          await using bench = await openBench(sources)
          let failed = 0
          for (const seed of seeds) failed += await trySeed(bench, sources, seed)
          const share = failed / seeds.length
          assert.ok(
            share < 0.02 || only !== undefined,
            `${(share * 100).toFixed(1)} % of the statements failed`,
          )
        })
      }
    })
  }
})
