import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readConfig } from '../../src/config/read-config.ts'
import type { Config } from '../../src/config/fields.ts'

const folder = mkdtempSync(join(tmpdir(), 'pgstream-yaml-'))
after(() => rmSync(folder, { recursive: true }))

let files = 0
function read(text: string, ending = 'yaml'): Config {
  const path = join(folder, `settings-${++files}.${ending}`)
  writeFileSync(path, text)
  return readConfig({ flags: { config: path }, environment: {} }).config
}

test('names are written whole, or in parts in any case, and lists as lists', () => {
  const config = read(`
# the shop
PGSTREAM_LOG_LEVEL: warn
postgres_listener:
  url: "postgres://me:12#34@db/shop"
kafka:
  servers: [one:9092, two:9092]
  topic-name: shop
  writer:
    batchSize: 0500
    maxQueueBytes: 10MiB
stdout_writer: { enabled: on }
`)
  assert.equal(config.command.logLevel, 'warn')
  assert.equal(config.postgresListener.url, 'postgres://me:12#34@db/shop')
  assert.deepEqual(config.kafka.servers, ['one:9092', 'two:9092'])
  assert.equal(config.kafka.topic, 'shop')
  assert.equal(config.kafkaWriter.batchSize, 500)
  assert.equal(config.kafkaWriter.maxQueueBytes, 10 * 1024 * 1024)
  assert.equal(config.stdoutWriter.enabled, true)
})

test('the text counts, not what YAML makes of it; nothing and an empty file are nothing', () => {
  assert.equal(read('kafka: { topic_name: 0x10 }').kafka.topic, '0x10')
  assert.equal(read('log_level:\n').command.logLevel, 'info')
  assert.equal(read('', 'yml').command.logLevel, 'info')
  assert.equal(read('# only words\n').command.logLevel, 'info')
})

test('five mistakes are five, each with its name, and no secret among them', () => {
  assert.throws(
    () =>
      read(`
postgres_listener: { url: "mysql://me:hush@db" }
kafka: { topic_partitions: none, writer: { batch_size: { a: 1 } , partition_key: row } }
log_levl: info
`),
    ({ message }: Error) => {
      assert.match(message, /^\d+ things|^5 things are wrong/)
      assert.match(message, /PGSTREAM_POSTGRES_LISTENER_URL \(.*yaml\): the value is not a URL/)
      assert.match(message, /PGSTREAM_KAFKA_TOPIC_PARTITIONS \(.*\): "none" is not a whole number/)
      assert.match(message, /PGSTREAM_KAFKA_WRITER_BATCH_SIZE_A \(.*\) is no known setting; did you mean/)
      assert.match(message, /PGSTREAM_KAFKA_WRITER_PARTITION_KEY \(.*\): "row" is not one of schema/)
      assert.match(message, /PGSTREAM_LOG_LEVL \(.*\) is no known setting; did you mean PGSTREAM_LOG_LEVEL/)
      assert.doesNotMatch(message, /hush/)
      return true
    },
  )
})

test('what is no YAML, no map, or there twice is told with its line', () => {
  assert.throws(() => read('a: [1\nb: 2'), /line \d+: this is no YAML/)
  assert.throws(() => read('- one\n- two\n'), /a map of settings is expected/)
  assert.throws(() => read('log_level: info\nLOG-LEVEL: warn\n'), /line 2: PGSTREAM_LOG_LEVEL is there twice/)
})
