import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PgstreamError } from '../../src/errors.ts'
import { pgstream } from '../support/command.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { httpFront } from '../support/http-front.ts'
import type { Interfere } from '../support/http-front.ts'
import { searchSpace, startOpenSearch } from '../support/search.ts'
import { openSearchStream } from '../support/search-stream.ts'
import type { SearchStream } from '../support/search-stream.ts'
import { slotNameOf } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

const quickly = { firstMs: 50, mostMs: 500, retries: Infinity }

async function idsOf(stream: SearchStream): Promise<number[]> {
  const found = await stream.find({ match_all: {} })
  return found.map(({ fields }) => fields['t.id']![0] as number).sort((a, b) => a - b)
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1)

const retried = (stream: SearchStream, before: number): Promise<unknown> =>
  eventually(() => stream.indexer.metrics.retries > before, { about: 'Another attempt' })

test('a store that is killed, stopped, read-only, or lost its alias or its index: nothing is lost', async () => {
  await using node = await startOpenSearch()
  await using space = searchSpace(node.url)
  const { logger, lines } = heardLogger()
  await using stream = await openSearchStream({ space, storeRetry: quickly, logger })
  const alias = `${space.prefix}public`
  await stream.query('create table t (id int primary key)')
  await stream.query('insert into t select generate_series(1, 100)')
  await stream.settled()

  await node.stop('crash')
  let before = stream.indexer.metrics.retries
  await stream.query('insert into t select generate_series(101, 200)')
  await stream.query('alter table t add column n int')
  await retried(stream, before)
  await node.restart()
  await stream.query('insert into t select generate_series(201, 300)')
  await stream.settled()
  assert.deepEqual(await idsOf(stream), upTo(300))

  before = stream.indexer.metrics.retries
  const block = (value: boolean | null): Promise<unknown> =>
    space.ask('PUT', `${alias}/_settings`, { 'index.blocks.read_only_allow_delete': value })
  await block(true)
  await stream.query('insert into t select generate_series(301, 400)')
  await retried(stream, before)
  await block(null)
  await stream.settled()
  assert.deepEqual(await idsOf(stream), upTo(400))

  // as the store does it itself when the disk is nearly full
  before = stream.indexer.metrics.retries
  const blockAll = (value: boolean | null): Promise<unknown> =>
    space.ask('PUT', '_cluster/settings', { persistent: { 'cluster.blocks.create_index': value } })
  await blockAll(true)
  await stream.query('create schema s; create table s.t (id int primary key); insert into s.t values (1)')
  await retried(stream, before)
  await blockAll(null)
  await stream.settled()
  assert.equal((await stream.find({ match_all: {} }, 's')).length, 1)

  await space.ask('POST', '_aliases', { actions: [{ remove: { index: `${alias}-1`, alias } }] })
  await stream.query('insert into t select generate_series(401, 500)')
  await stream.query('delete from t where id = 1')
  await stream.settled()
  assert.deepEqual(await idsOf(stream), upTo(500).slice(1))

  await space.ask('DELETE', `${alias}-1`)
  await stream.query('delete from t where id = 2')
  await stream.query('insert into t values (501)')
  await stream.settled()
  assert.deepEqual(await idsOf(stream), [501])
  assert.match(JSON.stringify(lines), /has to be filled anew/)
})

test('429, 503, cut connections and 413: what failed is sent again, in parts where it must be', async () => {
  await using space = searchSpace()
  await using front = await httpFront(space.url)
  await using stream = await openSearchStream({ url: front.url, space, storeRetry: quickly })
  await stream.query('create table t (id int primary key)')
  await stream.settled()
  let failures = 0
  front.interfere(({ path, body }, response) => {
    if (!path.startsWith('/_bulk')) return false
    failures++
    if (failures === 1) response.writeHead(429, { 'content-type': 'application/json' }).end('{}')
    else if (failures === 2) response.writeHead(503).end('overloaded')
    else if (failures === 3) response.destroy()
    else if (body.length > 20_000) response.writeHead(413).end()
    else return false
    return true
  })
  await stream.query('insert into t select generate_series(1, 1000)')
  await stream.settled()
  assert.deepEqual(await idsOf(stream), upTo(1000))
  assert.ok(failures > 6, `${failures} requests`)
  assert.equal(stream.indexer.counts.deadLetters, 0)
})

test('answers of something else than a store: a short while is waited out, a long one is told and ends the stream', async () => {
  await using space = searchSpace()
  await using front = await httpFront(space.url)
  const { logger, lines } = heardLogger()
  await using stream = await openSearchStream({ url: front.url, space, storeRetry: quickly, logger })
  await stream.query('create table t (id int primary key)')
  await stream.settled()
  const answers = [
    { status: 200, type: 'text/html', body: '<html>planted-page: back soon</html>' },
    { status: 404, type: 'text/html', body: '<html>planted-page</html>' },
    { status: 200, type: 'application/json', body: 'planted-page' },
    { status: 200, type: 'application/json', body: '{"items":[]}' },
  ]
  let count = 0
  const other: Interfere = (_, response) => {
    const { status, type, body } = answers[count++ % answers.length]!
    response.writeHead(status, { 'content-type': type }).end(body)
    return true
  }
  front.interfere((request, response) => count < 8 && other(request, response))
  await stream.query('insert into t select generate_series(1, 100)')
  await stream.query('alter table t add column n int')
  await stream.query('insert into t select generate_series(101, 200)')
  await stream.settled()
  assert.deepEqual(await idsOf(stream), upTo(200))
  assert.ok(count >= 8, `${count} requests`)

  front.interfere(other)
  await stream.query('insert into t values (201)')
  const error = await stream.source.stream.ended.then(
    () => null,
    (error: unknown) => error as PgstreamError,
  )
  assert.equal(error?.code, 'PGSTREAM_SEARCH_UNREACHABLE')
  assert.match(error.message, /no search store|were answered/)
  assert.match(error.remedy, /proxy/)
  assert.doesNotMatch(JSON.stringify([lines, error.message]), /planted-page/)
  assert.equal(stream.indexer.counts.deadLetters, 0)
})

test('one bad document among 1,000 is kept with the reason, and delivered when the cause is mended', async () => {
  const { logger, lines } = heardLogger()
  await using stream = await openSearchStream({
    logger,
    mapper: ({ name }, standard) => (name === 'number' ? { type: 'long' } : standard),
  })
  await stream.query('create table t (id int primary key, number text)')
  await stream.query(
    `insert into t select i, case i when 500 then 'secret-word' else i::text end from generate_series(1, 1000) i`,
  )
  await stream.settled()
  assert.deepEqual(
    await idsOf(stream),
    upTo(1000).filter((id) => id !== 500),
  )
  assert.equal(stream.indexer.counts.deadLetters, 1)
  assert.match(JSON.stringify(lines), /refused a document of public\.t/)
  assert.doesNotMatch(JSON.stringify(lines), /secret-word/)

  const { prefix, url, ask } = stream.space
  const env = { PGSTREAM_SEARCH_STORE_URL: url, PGSTREAM_SEARCH_INDEX_PREFIX: prefix }
  const listed = await pgstream(['dead-letters', 'list'], { env })
  assert.match(
    listed.stdout,
    /^search\/[0-9a-f]{64} {2}\S+ {2}index public\.t [0-9a-v]{20}_500: \w+ at field [0-9a-v]{20}-2 of type long/,
  )
  const again = await pgstream(['dead-letters', 'retry', '--json'], { env })
  assert.deepEqual(JSON.parse(again.stdout), { place: 'search', sent: 0, failed: 1 })
  const [first] = await stream.find({ term: { 't.id': 1 } })
  const field = Object.keys(first!.source).find((name) => name.endsWith('-2'))!
  await ask('PUT', `${prefix}public/_mapping`, {
    properties: { [field]: { type: 'long', ignore_malformed: true } },
  })
  const mended = await pgstream(['dead-letters', 'retry', '--json'], { env })
  assert.deepEqual(JSON.parse(mended.stdout), { place: 'search', sent: 1, failed: 0 }, mended.stderr)
  await ask('POST', `${prefix}public/_refresh`)
  assert.equal((await ask<{ count: number }>('GET', `${prefix}public/_count`)).count, 1000)
  assert.equal((await pgstream(['dead-letters', 'list'], { env })).stdout, 'search: 0 dead letters\n')
})

test('a document that is refused ends the stream where that is asked for', async () => {
  await using stream = await openSearchStream({
    deadLetters: 'stop',
    mapper: ({ name }, standard) => (name === 'number' ? { type: 'long' } : standard),
  })
  await stream.query('create table t (id int primary key, number text)')
  await stream.query(`insert into t values (1, 'no number')`)
  await assert.rejects(stream.source.stream.ended, { code: 'PGSTREAM_SEARCH_DOCUMENT' })
})

test('a source that is older than the index, or another one, is refused, and another generation begins anew', async () => {
  await using stream = await openSearchStream()
  const { prefix, url, ask } = stream.space
  await stream.query('create table t (id int primary key)')
  await stream.query('insert into t values (1)')
  await stream.settled()
  await stream.source.stream.stop()
  const { database } = stream.source
  const run = (more: Record<string, string> = {}): ReturnType<typeof pgstream> =>
    pgstream(['run', '--pgurl', database.url], {
      env: {
        PGSTREAM_POSTGRES_LISTENER_SLOT_NAME: slotNameOf(database),
        PGSTREAM_SEARCH_STORE_URL: url,
        PGSTREAM_SEARCH_INDEX_PREFIX: prefix,
        ...more,
      },
    })
  const path = `${prefix}pgstream/_doc/source-1?refresh=true`
  const { _source: source } = await ask<{ _source: Record<string, unknown> }>('GET', path)
  assert.match(String(source['lsn']), /^0\//)
  await ask('PUT', path, { ...source, timeline: 1, lsn: 'FFFF/0' })
  const restored = await run()
  assert.equal(restored.code, 1)
  assert.match(restored.stderr, /PGSTREAM_SEARCH_AHEAD.*FFFF\/0/)
  assert.match(restored.stderr, /PGSTREAM_SEARCH_INDEX_GENERATION/)
  await ask('PUT', path, { system_identifier: '42', timeline: 1, lsn: '0/0' })
  assert.match((await run()).stderr, /PGSTREAM_SEARCH_AHEAD.*system identifier 42/)

  await using next = await openSearchStream({ space: stream.space, indexGeneration: 2 })
  await next.query('create table u (id int primary key)')
  await next.query('insert into u values (7)')
  await next.settled()
  assert.equal((await next.find({ term: { 'u.id': 7 } })).length, 1)
  assert.equal((await next.find({ match_all: {} })).length, 1)
  assert.deepEqual(Object.keys(await ask('GET', `_alias/${prefix}public`)), [`${prefix}public-2`])
  assert.equal((await ask<{ count: number }>('GET', `${prefix}public-1/_count`)).count, 1)
})
