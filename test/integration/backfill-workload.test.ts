import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { backfill } from '../../src/postgres/backfill/backfill.ts'
import { startBackfill } from '../../src/postgres/backfill/request-backfill.ts'
import { postgresSources } from '../support/postgres.ts'
import type { PostgresSource, TemporaryDatabase } from '../support/postgres.ts'
import { eventually } from '../support/wait.ts'
import { openBench } from '../support/workload/bench.ts'
import type { Bench } from '../support/workload/bench.ts'
import { generate } from '../support/workload/generate.ts'

const total = Number(process.env['PGSTREAM_TEST_BACKFILL_SEEDS'] ?? 10)
const only = process.env['PGSTREAM_TEST_SEED']
/** Of one test. */
const seedsPerTest = 2

/** Other seeds for each source. */
function seedsOf(source: number): number[][] {
  if (only !== undefined) return [[Number(only)]]
  const seeds = Array.from({ length: total }, (_, i) => source * total + i + 1)
  const tests = Array.from({ length: Math.ceil(total / seedsPerTest) }, (_, i) => i * seedsPerTest)
  return tests.map((from) => seeds.slice(from, from + seedsPerTest))
}

const begin = ({ url }: TemporaryDatabase): Promise<unknown> => startBackfill({ url, tables: ['*.*'] })

const end = ({ query }: TemporaryDatabase): Promise<unknown> =>
  eventually(
    async () => {
      const open = await query(`select from pgstream.backfills where state in ('waiting', 'running')`)
      return open.length === 0
    },
    { timeoutMs: 60_000, every: 20, about: 'The end of the backfill' },
  )

async function trySeed(bench: Bench, source: PostgresSource, seed: number): Promise<number> {
  const steps = generate(seed, { ...bench.options, length: 120 })
  const outcome = await bench
    .try(steps, { at: Math.floor(steps.length / 2), begin, end })
    .catch((error: Error) => ({ problems: [error.stack ?? error.message] }))
  if (outcome.problems.length > 0 || !('events' in outcome)) {
    const problems = outcome.problems.slice(0, 10).join('\n')
    assert.fail(`seed ${seed} with ${source.label} (PGSTREAM_TEST_SEED=${seed} tries it again):\n${problems}`)
  }
  return outcome.events.filter((event) => event.kind === 'insert' && event.snapshot).length
}

describe('a backfill amid a random workload brings what was there before', () => {
  for (const [number, source] of postgresSources().entries()) {
    for (const seeds of seedsOf(number)) {
      test(`${source.label}: rows, tables and order of the seeds ${seeds[0]!} to ${seeds.at(-1)!}`, async () => {
        await using bench = await openBench(source, {
          prepare: (listener) => backfill(listener, { chunkRows: 3 }),
        })
        let rows = 0
        for (const seed of seeds) rows += await trySeed(bench, source, seed)
        assert.ok(rows > 0 || only !== undefined)
      })
    }
  }
})
