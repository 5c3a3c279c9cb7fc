import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldList, notYetAvailable } from '../../src/config/fields.ts'

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

test('every variable of the Go version is a setting, or named as one of a module to come', () => {
  const known = new Set<string>(fieldList.map(({ name }) => name))
  assert.equal(new Set(names).size, 45)
  for (const name of names) {
    const toCome = notYetAvailable.some(({ prefix }) => name.startsWith(prefix))
    assert.ok(known.has(name) !== toCome, name)
  }
})
