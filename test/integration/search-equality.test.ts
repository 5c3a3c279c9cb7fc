import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { postgresServers } from '../support/postgres.ts'
import type { SearchSpace } from '../support/search.ts'
import { openSearchOracle } from '../support/search-oracle/open-oracle.ts'
import type { SearchOracle } from '../support/search-oracle/open-oracle.ts'

const total = Number(process.env['PGSTREAM_TEST_SEEDS'] ?? 8)
const only = process.env['PGSTREAM_TEST_SEED']

/** Of one test, with a database of its own. */
const seedsPerTest = 4

function groupsOf(count: number): number[][] {
  if (only !== undefined) return [[Number(only)]]
  const seeds = Array.from({ length: count }, (_, i) => i + 1)
  return Array.from({ length: Math.ceil(count / seedsPerTest) }, (_, i) =>
    seeds.slice(i * seedsPerTest, (i + 1) * seedsPerTest),
  )
}

async function trySeeds(oracle: SearchOracle, seeds: readonly number[]): Promise<void> {
  for (const seed of seeds) {
    const problems = await oracle.try(seed)
    if (problems.length > 0) {
      assert.fail(
        [`seed ${seed} (PGSTREAM_TEST_SEED=${seed} tries it again):`, ...problems.slice(0, 12)].join('\n'),
      )
    }
  }
  assert.equal(oracle.kills, seeds.length)
  const { tables, rows, leftOut } = oracle.compared
  console.log(`compared ${rows} rows of ${tables} tables; ${leftOut} tables had no key at times`)
  assert.ok(rows > 0 || only !== undefined)
}

interface Place {
  readonly url: string
  readonly slot: string
  readonly space: SearchSpace
}

const fromPostgres = ({ url, slot }: Place): Record<string, string> => ({
  PGSTREAM_POSTGRES_LISTENER_URL: url,
  PGSTREAM_POSTGRES_LISTENER_SLOT_NAME: slot,
})

const toSearch = ({ space }: Place): Record<string, string> => ({
  PGSTREAM_SEARCH_STORE_URL: space.url,
  PGSTREAM_SEARCH_INDEX_PREFIX: space.prefix,
  PGSTREAM_SEARCH_INDEX_REPLICAS: '0',
  PGSTREAM_SEARCH_STORE_BACKOFF_INTERVAL: '200ms',
  PGSTREAM_SEARCH_INDEXER_CLEANUP_BACKOFF_INTERVAL: '200ms',
})

describe('the index equals the tables after a random workload and kills', { concurrency: 2 }, () => {
  // more seeds go to every server
  const servers = total > 8 ? postgresServers() : postgresServers().slice(0, 1)
  for (const [group, seeds] of groupsOf(total).entries()) {
    const server = servers[group % servers.length]!
    test(`Postgres ${server.major}, seeds ${seeds.join(' ')}`, async () => {
      await using oracle = await openSearchOracle(server, (place) => [
        { ...fromPostgres(place), ...toSearch(place) },
      ])
      await trySeeds(oracle, seeds)
    })
  }
})
