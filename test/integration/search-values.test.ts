import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postgresServers } from '../support/postgres.ts'
import { openSearchStream } from '../support/search-stream.ts'
import type { SearchStream } from '../support/search-stream.ts'

/** Rows whose documents somebody removed: nobody but the table knows their large values. */
async function withoutDocuments(stream: SearchStream): Promise<void> {
  const { ask, prefix } = stream.space
  await ask('POST', `${prefix}public/_delete_by_query?refresh=true`, { query: { match_all: {} } })
}

const largeTable = `create table t (id int primary key, n int, large text, bytes bytea);
  alter table t alter large set storage external, alter bytes set storage external;
  insert into t select i, 1, repeat('x', 3000) || i, decode(repeat('ab', 3000), 'hex') from generate_series(1, 6) i`

for (const server of postgresServers()) {
  test(`Postgres ${server.major}: a large value that nobody else knows is read from the row, if that is still there`, async () => {
    await using stream = await openSearchStream({ server })
    await stream.query(largeTable)
    await stream.settled()
    await withoutDocuments(stream)
    await stream.query('begin; update t set n = 2; commit')
    await stream.query(
      `begin;
       update t set n = 3 where id = 1; delete from t where id = 1;
       update t set n = 3 where id = 2; update t set id = 20 where id = 2;
       update t set n = 3 where id = 3; update t set large = 'short' where id = 3; commit`,
    )
    await stream.settled()
    const found = (await stream.find({ match_all: {} })).map(({ fields }) =>
      ['t.id', 't.n', 't.large', 't.bytes'].map((name) => String(fields[name]?.[0]).slice(-4)).join(' '),
    )
    const same = (id: number): string => `${id} 2 xxx${id} abab`
    assert.deepEqual(found.sort(), ['20 3 xxx2 abab', '3 3 hort abab', same(4), same(5), same(6)].sort())
    assert.equal(stream.indexer.counts.deadLetters, 0)
  })
}

test('a large value that nobody knows makes a dead letter, and never a document without it', async () => {
  await using stream = await openSearchStream({ readRow: undefined })
  await stream.query(largeTable)
  await stream.settled()
  await withoutDocuments(stream)
  await stream.query('update t set n = 2 where id < 3')
  await stream.query(`update t set large = 'told', bytes = 'told' where id = 3`)
  await stream.settled()
  const ids = (await stream.find({ match_all: {} })).map(({ fields }) => fields['t.id']?.[0])
  assert.deepEqual(ids, [3])
  assert.equal(stream.indexer.counts.deadLetters, 2)
})

test('a version column of their own orders the states of rows', async () => {
  await using stream = await openSearchStream({
    translated: { findVersion: (table) => table.columns.find(({ name }) => name === 'version')?.name },
  })
  await stream.query(
    `create table t (id int primary key, version numeric, n int); create table u (id int primary key, n int)`,
  )
  await stream.query(
    'insert into t values (1, 10, 1), (2, 10, 1), (3, 10, 1), (4, 10, 1); insert into u values (1, 1)',
  )
  await stream.query('update t set version = 9, n = 2 where id = 1')
  await stream.query('update t set version = 10, n = 2 where id = 2')
  await stream.query('update t set version = 11, n = 2 where id = 3')
  await stream.query('delete from t where id = 4; update u set n = 2')
  await stream.settled()
  const rows = async (): Promise<string[]> =>
    (await stream.find({ exists: { field: 't.id' } }))
      .map(({ fields }) => ['t.id', 't.version', 't.n'].map((name) => String(fields[name]?.[0])).join(' '))
      .sort()
  assert.deepEqual(await rows(), ['1 10 1', '2 10 2', '3 11 2'])
  assert.equal((await stream.find({ term: { 'u.n': 2 } })).length, 1)

  await stream.query('delete from t where id = 3; insert into t values (3, 12, 3), (4, 12, 3)')
  await stream.query(
    'alter table t drop constraint t_pkey; alter table t add column k int; update t set k = id',
  )
  await stream.query('alter table t add primary key (k)')
  await stream.query('update t set version = 13, n = 4 where k = 2')
  await stream.settled()
  // of the first row no state with the new key was newer
  assert.deepEqual(await rows(), ['2 13 4', '3 12 3', '4 12 3'])
})
