import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pgstream } from '../support/command.ts'
import { openSearchStream } from '../support/search-stream.ts'
import type { SearchStream } from '../support/search-stream.ts'

/** Words in a column that is a number to the index: each makes a dead letter. */
const openRefusing = (): Promise<SearchStream> =>
  openSearchStream({ mapper: ({ name }, standard) => (name === 'number' ? { type: 'long' } : standard) })

async function letters({ space }: SearchStream, ...words: string[]): Promise<string> {
  const env = { PGSTREAM_SEARCH_STORE_URL: space.url, PGSTREAM_SEARCH_INDEX_PREFIX: space.prefix }
  const { stdout, stderr } = await pgstream(['dead-letters', ...words], { env })
  assert.equal(stderr, '')
  return stdout
}

/** What was wrong is right: the column is a number that may be none. */
async function mend({ space: { ask, prefix } }: SearchStream, schema: string): Promise<void> {
  const mappings = await ask<Record<string, { mappings: { properties: Record<string, { type: string }> } }>>(
    'GET',
    `${prefix}${schema}/_mapping`,
  )
  const [{ mappings: found }] = Object.values(mappings) as [(typeof mappings)[string]]
  const numbers = Object.entries(found.properties).filter(
    ([name, { type }]) => type === 'long' && /-\d+$/.test(name),
  )
  const lenient = numbers.map(([name]) => [name, { type: 'long', ignore_malformed: true }])
  await ask('PUT', `${prefix}${schema}/_mapping`, { properties: Object.fromEntries(lenient) as unknown })
}

async function idsOf(stream: SearchStream, table: string, schema = 'public'): Promise<unknown[]> {
  await stream.settled()
  const { ask, prefix } = stream.space
  // the words themselves cannot be shown: they are no numbers
  const body = { size: 100, query: { exists: { field: `${table}.id` } }, fields: [`${table}.id`] }
  const { hits } = await ask<{ hits: { hits: { fields: Record<string, unknown[]> }[] } }>(
    'POST',
    `${prefix}${schema}/_search`,
    body,
  )
  return hits.hits.map(({ fields }) => fields[`${table}.id`]![0]).sort()
}

test('what was refused does not come back when its row has changed, or is gone', async () => {
  await using stream = await openRefusing()
  const { query, space } = stream
  for (const table of ['changed', 'deleted', 'emptied', 'dropped'])
    await query(`create table ${table} (id text primary key, number text)`)
  await query(`insert into changed values ('a', 'word'); insert into deleted values ('b', 'word')`)
  await query(`insert into emptied values ('c', 'word'); insert into dropped values ('d', 'word')`)
  await query(`insert into deleted values ('left', 'word')`)
  await stream.settled()
  assert.equal(stream.indexer.counts.deadLetters, 5)

  await query(`update changed set number = '7'`)
  await query(`delete from deleted where id = 'b'; truncate emptied; drop table dropped`)
  await stream.settled()
  assert.match(await letters(stream, 'list'), /deleted [^ ]+_left: .*\nsearch: 1 dead letters\n$/s)

  // deletes are forgotten after an hour; here at once
  await space.ask('PUT', `${space.prefix}public-1/_settings`, { 'index.gc_deletes': '0s' })
  await mend(stream, 'public')
  assert.equal(await letters(stream, 'retry'), 'search: 1 delivered, 0 stay\n')
  assert.deepEqual(await idsOf(stream, 'deleted'), ['left'])
  assert.deepEqual(await idsOf(stream, 'changed'), ['a'])
  assert.deepEqual(await idsOf(stream, 'emptied'), [])
  assert.equal((await space.ask<{ count: number }>('GET', `${space.prefix}public/_count`)).count, 2)
})

test('what was refused is delivered to the schema that its table is in by then', async () => {
  await using stream = await openRefusing()
  const { query } = stream
  await query('create schema a; create schema c; create table a.t (id text primary key, number text)')
  await query(`create table c.u (id text primary key, number text)`)
  await query(`insert into a.t values ('x', 'word'); insert into c.u values ('y', 'word')`)
  await stream.settled()
  await query('alter table a.t set schema public; alter schema c rename to d')
  await stream.settled()
  await mend(stream, 'public')
  await mend(stream, 'd')
  assert.equal(await letters(stream, 'retry'), 'search: 2 delivered, 0 stay\n')
  assert.deepEqual(await idsOf(stream, 't'), ['x'])
  assert.deepEqual(await idsOf(stream, 'u', 'd'), ['y'])
})

test('a large value is not taken from a document that lacks a refused state of the row', async () => {
  await using stream = await openRefusing()
  const { query } = stream
  await query('create table t (id text primary key, number text, body text)')
  await query('alter table t alter body set storage external')
  await query(`insert into t values ('x', '1', repeat('old', 2000))`)
  await stream.settled()
  await query(`update t set number = 'word', body = repeat('new', 2000)`)
  await stream.settled()
  assert.equal(stream.indexer.counts.deadLetters, 1)
  await query(`update t set number = '2'`)
  await stream.settled()
  const [found] = await stream.find({ term: { 't.number': 2 } })
  assert.ok(
    Object.values(found!.source).includes('new'.repeat(2000)),
    'the document has the value of the row',
  )
  assert.equal(await letters(stream, 'list'), 'search: 0 dead letters\n')
})
