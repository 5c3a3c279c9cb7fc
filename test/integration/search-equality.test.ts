import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { kafkaServers, temporaryTopic } from '../support/kafka.ts'
import { postgresSources } from '../support/postgres.ts'
import { openSearchOracle } from '../support/search-oracle/open-oracle.ts'
import type { Place, SearchOracle } from '../support/search-oracle/open-oracle.ts'
import { times } from '../support/soak.ts'

const total = Number(process.env['PGSTREAM_TEST_SEEDS'] ?? times(60, 600))
const throughKafka = Number(process.env['PGSTREAM_TEST_KAFKA_SEEDS'] ?? times(10, 100))
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
  const expectNone = (problems: readonly string[], seed: number, when = ''): void => {
    if (problems.length === 0) return
    const again = `seed ${seed} (PGSTREAM_TEST_SEED=${seed} tries it again)${when}:`
    assert.fail([again, ...problems.slice(0, 12), ...problems.slice(12).slice(-1)].join('\n'))
  }
  for (const seed of seeds) {
    expectNone(await oracle.try(seed), seed)
    expectNone(await oracle.comesAgain(), seed, ', when it comes again')
  }
  assert.ok(oracle.kills >= seeds.length)
  const { tables, rows, leftOut } = oracle.compared
  console.log(`compared ${rows} rows of ${tables} tables; ${leftOut} tables had no key at times`)
  assert.ok(rows > 0 || only !== undefined)
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

describe('the index equals the tables after a random workload and kills', { concurrency: 3 }, () => {
  const sources = postgresSources()
  for (const [group, seeds] of groupsOf(total).entries()) {
    const source = sources[group % sources.length]!
    test(`${source.label}, seeds ${seeds.join(' ')}`, async () => {
      await using oracle = await openSearchOracle(source, (place) => [
        { ...fromPostgres(place), ...toSearch(place) },
      ])
      await trySeeds(oracle, seeds)
    })
  }
  for (const [group, seeds] of groupsOf(throughKafka).entries()) {
    const source = sources[(group + 1) % sources.length]!
    test(`${source.label} through Kafka, seeds ${seeds.join(' ')}`, async () => {
      await using topic = await temporaryTopic()
      const kafka = {
        PGSTREAM_KAFKA_SERVERS: kafkaServers().address.PLAINTEXT,
        PGSTREAM_KAFKA_TOPIC_NAME: topic.name,
      }
      const group = {
        PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID: topic.name,
        // so long nobody reads when one that read was killed
        PGSTREAM_KAFKA_READER_SESSION_TIMEOUT: '3s',
      }
      await using oracle = await openSearchOracle(source, (place) => [
        { ...fromPostgres(place), ...kafka },
        { ...kafka, ...group, ...toSearch(place) },
      ])
      await trySeeds(oracle, seeds)
    })
  }
})
