import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { kafkaConnection, kafkaRoles } from '../../../src/cli/kafka-settings.ts'
import { retryPolicy } from '../../../src/cli/retry-settings.ts'
import type { Config } from '../../../src/config/fields.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import { silentLogger } from '../../../src/telemetry/logger.ts'

const config = (settings: Record<string, string>): Config => {
  const environment = Object.fromEntries(
    Object.entries(settings).map(([name, text]) => [`PGSTREAM_KAFKA_${name}`, text]),
  )
  const { config: read, warnings } = readConfig({ flags: {}, environment })
  assert.deepEqual(warnings, [])
  return read
}

const servers = { SERVERS: 'one:9092', TOPIC_NAME: 'shop' }
const connectionOf = (settings: Record<string, string>): ReturnType<typeof kafkaConnection> =>
  kafkaConnection(config({ ...servers, ...settings }), silentLogger)

test('every setting of the Go version is read as its README writes it', () => {
  const read = config({
    SERVERS: 'one:9092,two:9092 three:9092',
    TOPIC_NAME: 'shop',
    TOPIC_PARTITIONS: '6',
    TOPIC_REPLICATION_FACTOR: '3',
    TOPIC_AUTO_CREATE: 'True',
    READER_CONSUMER_GROUP_ID: 'mine',
    READER_CONSUMER_GROUP_START_OFFSET: 'Earliest',
    TLS_ENABLED: 'False',
    TLS_CA_CERT_FILE: 'ca.pem',
    TLS_CLIENT_CERT_FILE: 'cert.pem',
    TLS_CLIENT_KEY_FILE: 'key.pem',
    COMMIT_EXP_BACKOFF_INITIAL_INTERVAL: '1s',
    COMMIT_EXP_BACKOFF_MAX_INTERVAL: '1min',
    COMMIT_EXP_BACKOFF_MAX_RETRIES: '60',
    COMMIT_BACKOFF_INTERVAL: '0',
    COMMIT_BACKOFF_MAX_RETRIES: '0',
    WRITER_BATCH_TIMEOUT: '2s',
    WRITER_BATCH_BYTES: '1572864',
    WRITER_BATCH_SIZE: '100',
    WRITER_MAX_QUEUE_BYTES: '100MiB',
  })
  assert.deepEqual(read.kafka.servers, ['one:9092', 'two:9092', 'three:9092'])
  assert.deepEqual(
    [read.kafka.topic, read.kafka.topicPartitions, read.kafka.replicationFactor, read.kafka.autoCreate],
    ['shop', 6, 3, true],
  )
  assert.deepEqual([read.kafka.tls, read.kafka.caFile, read.kafka.certFile], [false, 'ca.pem', 'cert.pem'])
  assert.equal(read.kafkaListener.startOffset, 'earliest')
  assert.deepEqual(retryPolicy(read.kafkaListener), { firstMs: 1_000, mostMs: 60_000, retries: 60 })
  const { batchBytes, batchSize, batchTimeout, maxQueueBytes } = read.kafkaWriter
  assert.deepEqual([batchBytes, batchSize, batchTimeout, maxQueueBytes], [1_572_864, 100, 2_000, 104_857_600])
})

describe('which way events go', () => {
  for (const [what, settings, roles] of [
    ['nothing is set', {}, { reads: false, writesTo: null }],
    ['a topic is written', servers, { reads: false, writesTo: 'shop' }],
    [
      'with a consumer group it is read',
      { ...servers, READER_CONSUMER_GROUP_ID: 'mine' },
      { reads: true, writesTo: null },
    ],
    [
      'and another one written, if that is named',
      { ...servers, READER_CONSUMER_GROUP_ID: 'mine', WRITER_TOPIC_NAME: 'copy' },
      { reads: true, writesTo: 'copy' },
    ],
  ] as const) {
    test(what, () => assert.deepEqual(kafkaRoles(config(settings)), roles))
  }

  for (const [what, settings, missing] of [
    ['a topic without servers', { TOPIC_NAME: 'shop' }, /PGSTREAM_KAFKA_SERVERS is not set/],
    ['servers without a topic', { SERVERS: 'one:9092' }, /PGSTREAM_KAFKA_TOPIC_NAME is not set/],
    [
      'a group without a topic',
      { SERVERS: 'one:9092', READER_CONSUMER_GROUP_ID: 'mine' },
      /PGSTREAM_KAFKA_TOPIC_NAME is not set/,
    ],
    [
      'a topic that is copied to itself',
      { ...servers, READER_CONSUMER_GROUP_ID: 'mine', WRITER_TOPIC_NAME: 'shop' },
      /round for ever/,
    ],
  ] as const) {
    test(`${what} is refused`, () => {
      assert.throws(() => kafkaRoles(config(settings)), { code: 'PGSTREAM_CONFIG_INVALID', message: missing })
    })
  }
})

describe('how Kafka is reached', () => {
  test('certificates are read only for TLS, and one that is missing is named', () => {
    assert.equal(connectionOf({ TLS_CA_CERT_FILE: 'missing.pem' }).tls, false)
    assert.throws(() => connectionOf({ TLS_ENABLED: 'true', TLS_CA_CERT_FILE: 'missing.pem' }), {
      code: 'PGSTREAM_CONFIG_INVALID',
      message: /missing\.pem cannot be read/,
    })
  })

  test('half a certificate and half a login are refused', () => {
    assert.throws(() => connectionOf({ TLS_CLIENT_CERT_FILE: 'cert.pem' }), /need each other/)
    assert.throws(() => connectionOf({ SASL_MECHANISM: 'PLAIN', SASL_USERNAME: 'me' }), /SASL_PASSWORD/)
    assert.throws(() => connectionOf({ SASL_USERNAME: 'me', SASL_PASSWORD: 'hush' }), /SASL_MECHANISM/)
  })

  test('mechanisms are read in any case', () => {
    const { sasl } = connectionOf({
      SASL_MECHANISM: 'SCRAM-SHA-512',
      SASL_USERNAME: 'me',
      SASL_PASSWORD: 'secret',
    })
    assert.deepEqual(sasl, { mechanism: 'scram-sha-512', username: 'me', password: 'secret' })
  })
})
