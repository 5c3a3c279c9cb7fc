import assert from 'node:assert/strict'
import { test } from 'node:test'
import { translatorStage } from '../../../src/cli/translator-settings.ts'
import type { SourceKind } from '../../../src/cli/translator-settings.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import type { Config } from '../../../src/config/fields.ts'
import { silentLogger } from '../../../src/telemetry/logger.ts'

const url = 'postgres://ann:secret@db/shop'
const postgres: SourceKind = { kind: 'postgres', url }
const kafka: SourceKind = { kind: 'kafka' }
const recording: SourceKind = { kind: 'recording' }

const configOf = (environment: Record<string, string>): Config =>
  readConfig({ flags: {}, environment }).config

const isThere = (source: SourceKind, environment: Record<string, string> = {}): boolean =>
  translatorStage(configOf(environment), source, silentLogger) !== null

test('it is there behind Postgres and behind a recording, and behind Kafka when it is asked for by a URL', () => {
  assert.deepEqual(
    [postgres, recording, kafka].map((source) => isThere(source)),
    [true, true, false],
  )
  assert.equal(isThere(kafka, { PGSTREAM_TRANSLATOR_STORE_POSTGRES_URL: url }), true)
  assert.equal(isThere(kafka, { PGSTREAM_TRANSLATOR_ENABLED: url }), true)
})

test('false switches it off, whatever else is set', () => {
  const off = { PGSTREAM_TRANSLATOR_ENABLED: 'false', PGSTREAM_TRANSLATOR_STORE_POSTGRES_URL: url }
  assert.deepEqual(
    [postgres, recording, kafka].map((source) => isThere(source, off)),
    [false, false, false],
  )
})

test('a store that is not named, or twice, is told in words', () => {
  assert.throws(() => isThere(kafka, { PGSTREAM_TRANSLATOR_ENABLED: 'true' }), {
    code: 'PGSTREAM_CONFIG_INVALID',
    message: 'PGSTREAM_TRANSLATOR_ENABLED=true behind Kafka needs PGSTREAM_TRANSLATOR_STORE_POSTGRES_URL.',
  })
  const two = { PGSTREAM_TRANSLATOR_ENABLED: url, PGSTREAM_TRANSLATOR_STORE_POSTGRES_URL: `${url}2` }
  assert.throws(() => isThere(postgres, two), {
    code: 'PGSTREAM_CONFIG_INVALID',
    message: /name two databases/,
  })
})

test('what is neither true, false nor a URL is refused without being shown', () => {
  for (const text of ['perhaps', 'mysql://ann:secret@db/shop']) {
    assert.throws(
      () => configOf({ PGSTREAM_TRANSLATOR_ENABLED: text }),
      (error: Error) =>
        /PGSTREAM_TRANSLATOR_ENABLED .*: the value is not /.test(error.message) &&
        !error.message.includes('secret'),
    )
  }
})
