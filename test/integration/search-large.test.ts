import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { pgstream } from '../support/command.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { openSearchStream } from '../support/search-stream.ts'
import type { SearchStream } from '../support/search-stream.ts'

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

const isLong = (value: unknown): value is string => typeof value === 'string' && value.length > 1000

async function one({ space }: SearchStream, id: number): Promise<Record<string, unknown> | undefined> {
  const found = await space.ask<{ hits: { hits: { _source: Record<string, unknown> }[] } }>(
    'POST',
    `${space.prefix}public/_search`,
    { query: { term: { 't.id': id } } },
  )
  return found.hits.hits[0]?._source
}

test('a row of many megabytes is one document, and what the store finds too large is a dead letter', async () => {
  const { logger, lines } = heardLogger()
  await using stream = await openSearchStream({ logger })
  await stream.query(
    'create table t (id int primary key, n int, body text, bits bit varying, data bytea); alter table t alter bits set storage external',
  )
  const text = 'words "in" quotes, ä; '
  await stream.query(
    `insert into t values (1, 1, repeat($1, 20000), repeat('10', 9000000)::bit varying, convert_to(repeat('b', 100000), 'utf8'))`,
    [text],
  )
  await stream.settled()
  const texts = Object.values((await one(stream, 1))!).filter(isLong)
  assert.deepEqual(
    texts.map(md5),
    [text.repeat(20_000), '10'.repeat(9_000_000), '62'.repeat(100_000)].map(md5),
  )

  // what an update leaves alone stays; more than 100 MB no store takes unless it is told to
  await stream.query('update t set n = 2 where id = 1')
  await stream.query(
    `insert into t values (2, 1, repeat('x', 120000000), null, null), (3, 1, 'small', null, null)`,
  )
  await stream.settled()
  const updated = (await one(stream, 1))!
  assert.deepEqual(Object.values(updated).filter(isLong).map(md5).sort(), texts.map(md5).sort())
  assert.ok(Object.values(updated).includes(2))
  assert.equal(await one(stream, 2), undefined)
  assert.ok(await one(stream, 3))
  assert.equal(stream.indexer.counts.deadLetters, 1)
  assert.match(JSON.stringify(lines), /refused a document of public\.t: too_large/)
  const { prefix, url } = stream.space
  const env = { PGSTREAM_SEARCH_STORE_URL: url, PGSTREAM_SEARCH_INDEX_PREFIX: prefix }
  assert.match((await pgstream(['dead-letters', 'list'], { env })).stdout, /index public\.t \S+_2: too_large/)
})
