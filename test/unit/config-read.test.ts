import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readConfig } from '../../src/config/read-config.ts'
import type { ConfigRead, ConfigSources } from '../../src/config/read-config.ts'
import { PgstreamError } from '../../src/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'pgstream-config-'))
after(() => rmSync(folder, { recursive: true }))

let files = 0
function fileOf(text: string): string {
  const path = join(folder, `settings-${++files}.env`)
  writeFileSync(path, text)
  return path
}

const read = (sources: Partial<ConfigSources>): ConfigRead =>
  readConfig({ flags: {}, environment: {}, ...sources })

function sentenceOf(sources: Partial<ConfigSources>): string {
  try {
    read(sources)
  } catch (error) {
    assert.ok(error instanceof PgstreamError)
    assert.equal(error.code, 'PGSTREAM_CONFIG_INVALID')
    return error.message
  }
  return assert.fail('the configuration was accepted')
}

test('without anything the defaults hold', () => {
  const { config, originOf, warnings } = read({})
  assert.deepEqual(config.stdoutWriter, {
    enabled: false,
    maxQueueBytes: 104_857_600,
    batchSize: 1000,
    batchBytes: 1_048_576,
  })
  assert.deepEqual(config.postgresListener, {
    url: undefined,
    slotName: undefined,
    maxRetainedWal: 10 * 1024 ** 3,
    backfill: false,
  })
  assert.equal(config.command.logLevel, 'info')
  assert.equal(originOf('PGSTREAM_LOG_LEVEL'), 'default')
  assert.equal(originOf('PGSTREAM_PGURL'), undefined)
  assert.deepEqual(warnings, [])
})

test('a flag wins over the environment, that over the file, that over the default', () => {
  const path = fileOf('PGSTREAM_LOG_LEVEL=warn\nPGSTREAM_STDOUT_WRITER_BATCH_SIZE=5\n')
  const inFile = read({ flags: { config: path } })
  assert.equal(inFile.config.command.logLevel, 'warn')
  assert.equal(inFile.config.stdoutWriter.batchSize, 5)
  assert.equal(inFile.originOf('PGSTREAM_LOG_LEVEL'), 'file')

  const environment = { PGSTREAM_LOG_LEVEL: 'error' }
  const inEnvironment = read({ flags: { config: path }, environment })
  assert.equal(inEnvironment.config.command.logLevel, 'error')
  assert.equal(inEnvironment.originOf('PGSTREAM_LOG_LEVEL'), 'environment')

  const byFlag = read({ flags: { config: path, 'log-level': 'trace' }, environment })
  assert.equal(byFlag.config.command.logLevel, 'trace')
  assert.equal(byFlag.originOf('PGSTREAM_LOG_LEVEL'), 'flag')
})

test('a flag can switch off what the environment switches on', () => {
  const environment = { PGSTREAM_STDOUT_WRITER_ENABLED: 'true' }
  assert.equal(read({ environment }).config.stdoutWriter.enabled, true)
  assert.equal(read({ environment, flags: { stdout: false } }).config.stdoutWriter.enabled, false)
})

test('the file may be named by PGSTREAM_CONFIG', () => {
  const environment = { PGSTREAM_CONFIG: fileOf('PGSTREAM_POSTGRES_LISTENER_SLOT_NAME=mine') }
  assert.equal(read({ environment }).config.postgresListener.slotName, 'mine')
})

test('empty text counts as not set, as it did in the Go version', () => {
  const path = fileOf('PGSTREAM_LOG_LEVEL=\nPGSTREAM_KAFKA_SERVERS=""\n')
  const environment = { PGSTREAM_LOG_LEVEL: ' ', PGSTREAM_NONSENSE: '' }
  const { config, warnings } = read({ flags: { config: path }, environment })
  assert.equal(config.command.logLevel, 'info')
  assert.deepEqual(warnings, [])
})

test('the environment of the process is neither read nor changed behind the back', () => {
  const before = { ...process.env }
  read({ flags: { config: fileOf('PGSTREAM_LOG_LEVEL=warn\nOTHER_NAME=1') } })
  assert.deepEqual({ ...process.env }, before)
})

test('everything that is wrong is told at once, with the place it came from', () => {
  const path = fileOf('PGSTREAM_STDOUT_WRITER_BATCH_BYTES=64K\nPGSTREAM_STDOUT_WRITER_BATCH_SIZ=5\n')
  const environment = {
    PGSTREAM_STDOUT_WRITER_BATCH_SIZE: '0',
    PGSTREAM_PGURL: 'localhost',
    PGSTREAM_LOGLEVEL: 'info',
  }
  const sentence = sentenceOf({ flags: { config: path, 'log-level': 'loud' }, environment })
  assert.match(sentence, /^6 things are wrong/)
  assert.match(
    sentence,
    /PGSTREAM_LOGLEVEL \(environment\) is no known setting; did you mean PGSTREAM_LOG_LEVEL/,
  )
  assert.ok(sentence.includes(`BATCH_BYTES (${path}): "64K" is not a size without doubt`))
  assert.ok(
    sentence.includes(
      `BATCH_SIZ (${path}) is no known setting; did you mean PGSTREAM_STDOUT_WRITER_BATCH_SIZE?`,
    ),
  )
  assert.match(sentence, /BATCH_SIZE \(environment\): "0" is not a whole number of at least 1/)
  assert.match(sentence, /PGSTREAM_PGURL \(environment\): the value is not a URL that begins with postgres:/)
  assert.match(sentence, /--log-level: "loud" is not one of trace, debug, info, warn, error, fatal, disabled/)
})

test('an unknown name is an error in a file and a warning in the environment', () => {
  const path = fileOf('PGSTREAM_LOGLEVEL=info')
  assert.match(
    sentenceOf({ flags: { config: path } }),
    /no known setting; did you mean PGSTREAM_LOG_LEVEL\?$/,
  )
  const { warnings } = read({ environment: { PGSTREAM_LOGLEVEL: 'info', PATH: '/bin' } })
  assert.deepEqual(warnings, [
    'PGSTREAM_LOGLEVEL (environment) is no known setting; did you mean PGSTREAM_LOG_LEVEL?',
  ])
})

test('a name with the prefix twice, which the Go version wanted, leads to the right one', () => {
  const environment = { PGSTREAM_PGSTREAM_POSTGRES_LISTENER_URL: 'postgres://localhost' }
  assert.match(read({ environment }).warnings[0]!, /did you mean PGSTREAM_POSTGRES_LISTENER_URL\?$/)
})

test('a name that resembles nothing gets no hint', () => {
  assert.deepEqual(read({ environment: { PGSTREAM_TELEPORTATION_FACTOR: '9' } }).warnings, [
    'PGSTREAM_TELEPORTATION_FACTOR (environment) is no known setting.',
  ])
})

test('neither a URL nor its password appears in a message', () => {
  const environment = { PGSTREAM_POSTGRES_LISTENER_URL: 'mysql://me:hunter2@localhost' }
  assert.doesNotMatch(sentenceOf({ environment }), /hunter2|mysql/)
})

test('names of a file are read in any case, those of others are left alone', () => {
  const path = fileOf(
    'pgstream_log_level=warn\nDATABASE_URL=postgres://x\nexport PGSTREAM_STDOUT_WRITER_ENABLED=1',
  )
  const { config } = read({ flags: { config: path } })
  assert.equal(config.command.logLevel, 'warn')
  assert.equal(config.stdoutWriter.enabled, true)
})

test('a value that its own # would cut is refused, a quoted one and a comment are not', () => {
  const url = 'postgres://me:12#34@db/shop'
  const name = 'PGSTREAM_POSTGRES_LISTENER_URL'
  assert.match(
    sentenceOf({ flags: { config: fileOf(`${name}=${url}`) } }),
    /the value ends at its #; put .* quotes/,
  )
  for (const line of [`${name}="${url}"`, `${name}='${url}' # mine`]) {
    assert.equal(read({ flags: { config: fileOf(line) } }).config.postgresListener.url, url, line)
  }
  const commented = fileOf(`# ${name}=${url}\n${name}=postgres://db # the shop\n`)
  assert.equal(read({ flags: { config: commented } }).config.postgresListener.url, 'postgres://db')
})

test('a URL of HTTP that is none is told with the rest, and not shown', () => {
  const environment = {
    PGSTREAM_SEARCH_STORE_URL: 'http://me:hush@store:92000',
    PGSTREAM_METRICS_OTLP_URL: 'https://[hush/v1/metrics',
  }
  const sentence = sentenceOf({ environment })
  assert.match(sentence, /^2 things are wrong/)
  assert.match(
    sentence,
    /PGSTREAM_SEARCH_STORE_URL \(environment\): the value is not a URL: see its host and port/,
  )
  assert.doesNotMatch(sentence, /hush/)
})

test('a quote that is not closed is told once, by the name of its setting', () => {
  const names = ['PGSTREAM_PGURL', 'PGSTREAM_KAFKA_SERVERS', 'PGSTREAM_KAFKA_TOPIC_NAME']
  const sentence = sentenceOf({
    flags: {
      config: fileOf(
        'PGSTREAM_PGURL="postgres://db\nPGSTREAM_KAFKA_SERVERS=\'localhost:9092\nPGSTREAM_KAFKA_TOPIC_NAME=`t # mine\n',
      ),
    },
  })
  assert.match(sentence, /^3 things are wrong/)
  for (const name of names)
    assert.match(sentence, new RegExp(`${name} \\(.*\\): the quote before its value is not closed`))
  const closed = fileOf(
    `PGSTREAM_FILTER_INCLUDE_TABLES='"My Schema"."a.b"'\nPGSTREAM_KAFKA_TOPIC_NAME="it's"`,
  )
  assert.deepEqual(read({ flags: { config: closed } }).config.kafka.topic, "it's")
})

test('a file that cannot be read, or not wholly, is refused', () => {
  const missing = join(folder, 'missing.env')
  assert.match(
    sentenceOf({ flags: { config: missing } }),
    /missing\.env cannot be read: there is no such file\./,
  )
  assert.match(sentenceOf({ flags: { config: folder } }), /cannot be read: it is a folder\./)
  const garbled = fileOf('PGSTREAM_LOG_LEVEL=info\n\n# fine\nPGSTREAM_PGURL postgres://localhost\n')
  assert.match(sentenceOf({ flags: { config: garbled } }), /line 4: not of the form NAME=value\.$/)
  const nested = fileOf('PGSTREAM_CONFIG=other.env')
  assert.match(sentenceOf({ flags: { config: nested } }), /a file cannot name another file/)
})
