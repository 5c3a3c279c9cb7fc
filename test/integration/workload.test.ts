import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { postgresSources } from '../support/postgres.ts'
import type { PostgresSource } from '../support/postgres.ts'
import { openBench } from '../support/workload/bench.ts'
import type { Bench } from '../support/workload/bench.ts'
import { generate } from '../support/workload/generate.ts'
import { describeFailure } from '../support/workload/describe-failure.ts'

const sources = postgresSources()
const total = Number(process.env['PGSTREAM_TEST_SEEDS'] ?? 45)
const only = process.env['PGSTREAM_TEST_SEED']
/** A database is used for so many, and then another: what a stream has told is kept in memory. */
const seedsPerBench = 100

/** Each source gets seeds of its own, unless one is asked for. */
function seedsOf(source: PostgresSource): number[] {
  if (only !== undefined) return [Number(only)]
  const share = Math.ceil(total / sources.length)
  return Array.from({ length: share }, (_, i) => 1 + i + sources.indexOf(source) * share)
}

async function trySeed(bench: Bench, source: PostgresSource, seed: number): Promise<number> {
  const steps = generate(seed, bench.options)
  const outcome = await bench
    .try(steps)
    .catch((error: Error) => ({ problems: [error.stack ?? error.message] }))
  if (outcome.problems.length > 0 || !('events' in outcome)) {
    assert.fail(await describeFailure({ source, seed, steps, problems: outcome.problems }))
  }
  assert.ok(outcome.events.length > 0)
  return outcome.failures.length / steps.length
}

describe('the stream of a random workload rebuilds its source', { concurrency: true }, () => {
  for (const source of sources) {
    const seeds = seedsOf(source)
    test(`${source.label}: rows, tables and order of ${seeds.length} seeds`, async () => {
      const failed: number[] = []
      for (let from = 0; from < seeds.length; from += seedsPerBench) {
        await using bench = await openBench(source)
        for (const seed of seeds.slice(from, from + seedsPerBench))
          failed.push(await trySeed(bench, source, seed))
      }
      const share = failed.reduce((sum, each) => sum + each, 0) / failed.length
      assert.ok(share < 0.02 || only !== undefined, `${(share * 100).toFixed(1)} % of the statements failed`)
    })
  }
})
