import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fieldList } from '../../src/config/fields.ts'
import { parsers } from '../../src/config/values.ts'
import { repository } from '../support/readme.ts'

const backOff = (prefix: string): string[] => [
  `${prefix}_EXP_BACKOFF_INITIAL_INTERVAL`,
  `${prefix}_EXP_BACKOFF_MAX_INTERVAL`,
  `${prefix}_EXP_BACKOFF_MAX_RETRIES`,
  `${prefix}_BACKOFF_INTERVAL`,
  `${prefix}_BACKOFF_MAX_RETRIES`,
]

/** Every variable that the README of the Go version, v0.1.0, lists. */
const names = [
  'PGSTREAM_POSTGRES_LISTENER_URL',
  ...['SERVERS', 'TOPIC_NAME', 'READER_CONSUMER_GROUP_ID', 'READER_CONSUMER_GROUP_START_OFFSET'].map(
    (name) => `PGSTREAM_KAFKA_${name}`,
  ),
  ...['TLS_ENABLED', 'TLS_CA_CERT_FILE', 'TLS_CLIENT_CERT_FILE', 'TLS_CLIENT_KEY_FILE'].map(
    (name) => `PGSTREAM_KAFKA_${name}`,
  ),
  ...backOff('PGSTREAM_KAFKA_COMMIT'),
  ...['TOPIC_PARTITIONS', 'TOPIC_REPLICATION_FACTOR', 'TOPIC_AUTO_CREATE'].map(
    (name) => `PGSTREAM_KAFKA_${name}`,
  ),
  ...['BATCH_TIMEOUT', 'BATCH_BYTES', 'BATCH_SIZE', 'MAX_QUEUE_BYTES'].map(
    (name) => `PGSTREAM_KAFKA_WRITER_${name}`,
  ),
  'PGSTREAM_SEARCH_STORE_URL',
  ...['BATCH_TIMEOUT', 'BATCH_SIZE', 'MAX_QUEUE_BYTES'].map((name) => `PGSTREAM_SEARCH_INDEXER_${name}`),
  ...backOff('PGSTREAM_SEARCH_INDEXER_CLEANUP'),
  ...backOff('PGSTREAM_SEARCH_STORE'),
  ...['URL', 'CACHE_ENABLED', 'CACHE_REFRESH_INTERVAL'].map(
    (name) => `PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_${name}`,
  ),
  ...['MAX_QUEUE_BYTES', 'WORKER_COUNT', 'CLIENT_TIMEOUT'].map((name) => `PGSTREAM_WEBHOOK_NOTIFIER_${name}`),
  ...['ADDRESS', 'READ_TIMEOUT', 'WRITE_TIMEOUT'].map(
    (name) => `PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_${name}`,
  ),
  'PGSTREAM_TRANSLATOR_ENABLED',
]

test('every variable of the Go version is a setting', () => {
  const known = new Set<string>(fieldList.map(({ name }) => name))
  assert.equal(new Set(names).size, 45)
  for (const name of names) assert.ok(known.has(name), name)
})

/** As that README writes them, without those of which 0 or nothing is the default. */
const defaults: Readonly<Record<string, string>> = {
  PGSTREAM_KAFKA_READER_CONSUMER_GROUP_START_OFFSET: 'Earliest',
  PGSTREAM_KAFKA_TLS_ENABLED: 'False',
  PGSTREAM_KAFKA_TOPIC_PARTITIONS: '1',
  PGSTREAM_KAFKA_TOPIC_REPLICATION_FACTOR: '1',
  PGSTREAM_KAFKA_TOPIC_AUTO_CREATE: 'False',
  PGSTREAM_KAFKA_WRITER_BATCH_TIMEOUT: '1s',
  PGSTREAM_KAFKA_WRITER_BATCH_BYTES: '1572864',
  PGSTREAM_KAFKA_WRITER_BATCH_SIZE: '100',
  PGSTREAM_KAFKA_WRITER_MAX_QUEUE_BYTES: '100MiB',
  PGSTREAM_SEARCH_INDEXER_BATCH_TIMEOUT: '1s',
  PGSTREAM_SEARCH_INDEXER_BATCH_SIZE: '100',
  PGSTREAM_SEARCH_INDEXER_MAX_QUEUE_BYTES: '100MiB',
  PGSTREAM_SEARCH_STORE_EXP_BACKOFF_INITIAL_INTERVAL: '1s',
  PGSTREAM_SEARCH_STORE_EXP_BACKOFF_MAX_INTERVAL: '1min',
  PGSTREAM_SEARCH_STORE_EXP_BACKOFF_MAX_RETRIES: '0',
  PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_CACHE_ENABLED: 'False',
  PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_CACHE_REFRESH_INTERVAL: '60s',
  PGSTREAM_WEBHOOK_NOTIFIER_MAX_QUEUE_BYTES: '100MiB',
  PGSTREAM_WEBHOOK_NOTIFIER_WORKER_COUNT: '10',
  PGSTREAM_WEBHOOK_NOTIFIER_CLIENT_TIMEOUT: '10s',
  PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: ':9900',
  PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_READ_TIMEOUT: '5s',
  PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_WRITE_TIMEOUT: '10s',
}

test('every default is that of the Go version, or in the list of those that are not', async () => {
  const readme = await readFile(join(repository, 'README.md'), 'utf8')
  for (const [name, theirs] of Object.entries(defaults)) {
    const field = fieldList.find((each) => each.name === name)
    assert.ok(field?.default !== undefined, name)
    const parse = (text: string): unknown => parsers[field.type](text, field)
    const isListed = new RegExp(`^\\| \`${name}\` +\\| \`${theirs}\` +\\| \`${field.default}\` `, 'm').test(
      readme,
    )
    assert.equal(isListed, JSON.stringify(parse(theirs)) !== JSON.stringify(parse(field.default)), name)
  }
})
