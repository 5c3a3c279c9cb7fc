import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { searchSpace, startElasticsearch, startOlderOpenSearch, startOpenSearch } from '../support/search.ts'
import type { SearchSpace } from '../support/search.ts'
import { openSearchStream } from '../support/search-stream.ts'
import { times } from '../support/soak.ts'

/** What the tests, and we, count on. */
async function indexOne({ ask, prefix }: SearchSpace): Promise<void> {
  await ask('PUT', `${prefix}a-1`, {
    aliases: { [`${prefix}a`]: {} },
    mappings: {
      dynamic: 'strict',
      properties: { t: { properties: { name: { type: 'alias', path: 'x-1' } } }, 'x-1': { type: 'long' } },
    },
  })
  await ask('PUT', `${prefix}a/_doc/1?version=10&version_type=external&refresh=true`, { 'x-1': 7 })
}

async function countSevens({ ask, prefix }: SearchSpace): Promise<number> {
  const found = await ask<{ count: number }>('POST', `${prefix}a/_count`, {
    query: { term: { 't.name': 7 } },
  })
  return found.count
}

test('the shared node finds documents by the aliases of their fields, and deletes by query', async () => {
  await using space = searchSpace()
  await indexOne(space)
  assert.equal(await countSevens(space), 1)
  const done = await space.ask<{ deleted: number }>(
    'POST',
    `${space.prefix}a/_delete_by_query?refresh=true`,
    { query: { match_all: {} } },
  )
  assert.equal(done.deleted, 1)
})

test('a private node keeps its data over restart and crash, and its folder ends with it', async () => {
  await using node = await startOpenSearch()
  await using space = searchSpace(node.url)
  await indexOne(space)
  await node.restart('crash')
  await space.ask('GET', `_cluster/health/${space.prefix}a-1?wait_for_status=yellow`)
  assert.equal(await countSevens(space), 1)
  await node.stop()
  await assert.rejects(space.ask('GET', ''), TypeError)
  await node[Symbol.asyncDispose]()
  assert.ok(!existsSync(node.folder))
})

test('a private node of Elasticsearch does the same', async () => {
  await using node = await startElasticsearch()
  await using space = searchSpace(node.url)
  await indexOne(space)
  assert.equal(await countSevens(space), 1)
})

const soakOnly = { skip: times(1, 0) === 1 && 'another 70 MB to fetch: only with PGSTREAM_SOAK=1' }

test('and so does OpenSearch 2, with rows of ours', soakOnly, async () => {
  await using node = await startOlderOpenSearch()
  await using space = searchSpace(node.url)
  await using stream = await openSearchStream({ space })
  await stream.query(
    'create table t (id int primary key, data jsonb); insert into t values (7, \'{"a": "b"}\')',
  )
  await stream.settled()
  assert.equal((await stream.find({ term: { 't.data@object.a': 'b' } })).length, 1)
})
