import assert from 'node:assert/strict'
import { test } from 'node:test'
import { otlpSettings } from '../../../src/cli/otlp-settings.ts'
import type { OtlpOptions } from '../../../src/telemetry/metrics-export.ts'
import { readConfig } from '../../../src/config/read-config.ts'

const settings = (environment: Record<string, string>): OtlpOptions | null =>
  otlpSettings(readConfig({ flags: {}, environment }).config)

test('headers may hold blanks, commas and what stands for itself', () => {
  const read = settings({
    PGSTREAM_METRICS_OTLP_URL: 'http://collector:4318/v1/metrics',
    PGSTREAM_METRICS_OTLP_HEADERS: 'Authorization=Bearer%20hush, x-list=a%2Cb x-key=hush=%zz',
  })
  assert.deepEqual(read?.headers, { authorization: 'Bearer hush', 'x-list': 'a,b', 'x-key': 'hush=%zz' })
})

test('a login in the URL is sent as a header, unless one is given', () => {
  const environment = { PGSTREAM_METRICS_OTLP_URL: 'http://me:hush%40@collector:4318/v1/metrics?key=1' }
  const basic = `Basic ${Buffer.from('me:hush@').toString('base64')}`
  const read = settings(environment)
  assert.equal(read?.url, 'http://collector:4318/v1/metrics?key=1')
  assert.deepEqual(read.headers, { authorization: basic })
  const given = settings({ ...environment, PGSTREAM_METRICS_OTLP_HEADERS: 'Authorization=mine' })
  assert.deepEqual(given?.headers, { authorization: 'mine' })
})
