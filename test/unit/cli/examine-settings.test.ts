import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examineSettings } from '../../../src/cli/examine-settings.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import { PgstreamError } from '../../../src/errors.ts'

/** What is told of these settings, with the remedy. */
function toldOf(environment: Record<string, string>): { message: string; remedy: string } {
  try {
    readConfig({ flags: {}, environment, examine: examineSettings })
  } catch (error) {
    assert.ok(error instanceof PgstreamError)
    assert.equal(error.code, 'PGSTREAM_CONFIG_INVALID')
    return error
  }
  return assert.fail('the settings were accepted')
}

test('everything that is wrong is told at once, each value alone and all of them together', () => {
  const { message } = toldOf({
    PGSTREAM_POSTGRES_LISTENER_URL: 'postgres://me:hush@db/shop?sslmoode=require',
    PGSTREAM_POSTGRES_LISTENER_SLOT_NAME: 'My Slot',
    PGSTREAM_KAFKA_TOPIC_NAME: 'shop',
    PGSTREAM_KAFKA_SERVERS: 'one:9092',
    PGSTREAM_KAFKA_WRITER_BATCH_BYTES: '64K',
    PGSTREAM_KAFKA_SASL_MECHANISM: 'plain',
    PGSTREAM_KAFKA_TLS_ENABLED: 'true',
    PGSTREAM_KAFKA_TLS_CA_CERT_FILE: '/nowhere/ca.pem',
    PGSTREAM_METRICS_OTLP_URL: 'http://collector:4318',
    PGSTREAM_METRICS_OTLP_HEADERS: 'hush-header',
  })
  const [head, ...lines] = message.split('\n')
  assert.equal(head, '6 things are wrong in the configuration:')
  const expected = [
    /^- PGSTREAM_KAFKA_WRITER_BATCH_BYTES \(environment\): "64K" is not a size without doubt: write 64KiB \(1024\) or/,
    /^- PGSTREAM_POSTGRES_LISTENER_URL: The Postgres URL has the unknown parameter "sslmoode"\. Write it as postgres:/,
    /^- PGSTREAM_POSTGRES_LISTENER_SLOT_NAME \(or --slot-name\): "My Slot" cannot be .* of them: my_slot\.$/,
    /^- PGSTREAM_KAFKA_SASL_MECHANISM needs PGSTREAM_KAFKA_SASL_USERNAME and PGSTREAM_KAFKA_SASL_PASSWORD\./,
    /^- PGSTREAM_KAFKA_TLS_CA_CERT_FILE: the file \/nowhere\/ca\.pem cannot be read \(ENOENT\)\. Give the path/,
    /^- PGSTREAM_METRICS_OTLP_HEADERS has a part that is not name=value\. Write it as name=value/,
  ]
  assert.equal(lines.length, expected.length, message)
  for (const [place, line] of lines.entries()) assert.match(line, expected[place]!)
  assert.doesNotMatch(message, /hush/)
})

test('a value that cannot be read is one mistake, not two', () => {
  const { message } = toldOf({
    PGSTREAM_KAFKA_TOPIC_NAME: 'shop',
    PGSTREAM_KAFKA_SERVERS: 'one:9092',
    PGSTREAM_KAFKA_SASL_MECHANISM: 'kerberos',
    PGSTREAM_KAFKA_SASL_USERNAME: 'ann',
  })
  assert.match(message, /^PGSTREAM_KAFKA_SASL_MECHANISM \(environment\): "kerberos" is not one of plain/)
  assert.doesNotMatch(message, /\n/)
})

test('a single mistake of several values keeps its remedy', () => {
  const { message, remedy } = toldOf({
    PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: 'postgres://localhost/shop',
    PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: '0.0.0.0:9900',
  })
  assert.match(message, /can be reached from other machines, and there is no token/)
  assert.match(remedy, /PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_TOKEN/)
})

test('two sources are one too many', () => {
  const { message, remedy } = toldOf({
    PGSTREAM_POSTGRES_LISTENER_URL: 'postgres://localhost/shop',
    PGSTREAM_KAFKA_SERVERS: 'one:9092',
    PGSTREAM_KAFKA_TOPIC_NAME: 'shop',
    PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID: 'mine',
  })
  assert.match(message, /^There are two sources: PGSTREAM_POSTGRES_LISTENER_URL and PGSTREAM_KAFKA_READER/)
  assert.equal(remedy, 'Run one pgstream for each.')
})

test('a server of Kafka that is not host:port is told, and no password with it', () => {
  for (const [server, shown] of [
    ['localhost', '"localhost"'],
    [':9092', '":9092"'],
    ['one:99999', '"one:99999"'],
    ['kafka://one:9092', '"kafka://one:9092"'],
    ['me:hush@one:9092', 'a part of the value'],
  ] as const) {
    const { message } = toldOf({
      PGSTREAM_KAFKA_TOPIC_NAME: 'shop',
      PGSTREAM_KAFKA_SERVERS: `two:9092,${server}`,
    })
    assert.equal(message, `PGSTREAM_KAFKA_SERVERS: ${shown} is not host:port, such as localhost:9092.`)
  }
})
