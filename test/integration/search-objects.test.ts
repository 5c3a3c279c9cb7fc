import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postgresServers } from '../support/postgres.ts'
import { readPrometheus } from '../support/prometheus.ts'
import { RunningOps } from '../support/running-ops.ts'
import { searchSpace } from '../support/search.ts'
import { findDocuments, openSearchStream } from '../support/search-stream.ts'
import { preparedDatabase } from '../support/source.ts'
import { statusOf } from '../support/status-report.ts'
import { eventually } from '../support/wait.ts'

test('an object that the store refuses takes no other along, is counted, and told once for its column', async () => {
  await using space = searchSpace()
  await using db = await preparedDatabase(postgresServers()[0]!, {
    before: (database) => database.query('create table docs (id int primary key, j2 jsonb, js json)'),
  })
  const env = { PGSTREAM_SEARCH_STORE_URL: space.url, PGSTREAM_SEARCH_INDEX_PREFIX: space.prefix }
  await using run = await RunningOps.start(['--pgurl', db.url], { env })
  await db.query(`insert into docs values (5, '{"good":"yes"}', '{"a":1}')`)
  await db.query(
    `insert into docs select i, '{"good":"yes"}', '{"planted":1,"planted":2}' from generate_series(6, 9) i`,
  )
  await db.query(`insert into docs values (10, '{}', '[1]'), (12, '{"deep":true}', '{"a":[{"b":1,"b":2}]}')`)
  await db.query(`insert into docs values (11, '{"good":"yes"}', '{"a":1}')`)
  const idsOf = async (term: Record<string, string>): Promise<unknown[]> =>
    (await findDocuments(space, { term })).map(({ fields }) => fields['docs.id']![0]).sort()
  await eventually(
    async () => {
      await space.ask('POST', `${space.prefix}public/_refresh`)
      assert.equal((await findDocuments(space, { match_all: {} })).length, 8)
    },
    { timeoutMs: 90_000, every: 200 },
  )
  assert.deepEqual(await idsOf({ 'docs.j2@object.good': 'yes' }), [11, 5, 6, 7, 8, 9])
  assert.deepEqual(await idsOf({ 'docs.js@object.a': '1' }), [11, 5])
  assert.deepEqual(await idsOf({ 'docs.j2@object.deep': 'true' }), [12])
  const found = await findDocuments(space, { term: { 'docs.id': 6 } })
  assert.deepEqual(found[0]?.fields['docs.js'], ['{"planted":1,"planted":2}'])

  const [sink] = (await run.status()).sinks
  assert.equal(sink?.ignoredValues, 5)
  assert.equal(sink.deadLetters, 0)
  const { value } = readPrometheus(await run.metrics())
  assert.equal(value('pgstream_processor_ignored_values_total', { processor: 'search' }), 5)
  const report = await statusOf(['--pgurl', db.url, '--ops-address', `:${run.port}`])
  assert.equal(report.running?.sinks[0]?.ignoredValues, 5)
  assert.equal(run.stderr.match(/refuses a value as an object/g)?.length, 1)
  assert.match(run.stderr, /"column":"js"/)
  assert.doesNotMatch(run.stderr, /planted/)
})

test('a document that is refused for another field is a dead letter with all its objects', async () => {
  await using stream = await openSearchStream({
    mapper: ({ name }, standard) => (name === 'number' ? { type: 'long' } : standard),
  })
  await stream.query('create table t (id int primary key, number text, j jsonb)')
  await stream.query(`insert into t values (1, 'no number', '{"good":"yes"}')`)
  await stream.settled()
  assert.deepEqual({ ...stream.indexer.counts }, { deadLetters: 1, skippedRows: 0, keptValues: 0 })
  const { ask, prefix } = stream.space
  const path = `${prefix}pgstream-dead-letters/_search`
  const { hits } = await ask<{ hits: { hits: { _source: { document: string } }[] } }>('GET', path)
  assert.match(hits.hits[0]!._source.document, /-object":\{"good": "yes"\}/)
})
