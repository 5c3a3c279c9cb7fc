import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSearchStream } from '../support/search-stream.ts'
import type { SearchStream } from '../support/search-stream.ts'

const all = { match_all: {} }

/** The values of a field by its name, in the order of the documents. */
async function valuesOf(stream: SearchStream, name: string, query: unknown = all, schema = 'public') {
  const found = await stream.find(query, schema)
  return found.flatMap(({ fields }) => fields[name] ?? []).sort()
}

test('rows are documents that are found by table.column, through inserts, updates, key changes and deletes', async () => {
  await using stream = await openSearchStream()
  await stream.query('create table users (id bigint primary key, name text, balance numeric)')
  await stream.query(
    `insert into users values (1, 'Ann Lee', 12.50), (9007199254740993, 'Bob', null), (3, 'Cleo', 1e30)`,
  )
  await stream.settled()
  assert.equal((await stream.find({ term: { 'users.name': 'Ann Lee' } })).length, 1)
  assert.equal((await stream.find({ match: { 'users.name@text': 'lee' } })).length, 1)
  assert.equal((await stream.find({ range: { 'users.balance': { gt: 12 } } })).length, 2)
  assert.equal((await stream.find({ term: { 'users.balance@exact': '12.50' } })).length, 1)
  const [big] = await stream.find({ term: { 'users.id': '9007199254740993' } })
  assert.match(big!.id, /^[0-9a-v]{20}_9007199254740993$/)

  await stream.query(`update users set name = 'Robert' where name = 'Bob'`)
  await stream.query('update users set id = 4 where id = 3')
  await stream.query('delete from users where id = 1')
  await stream.settled()
  assert.deepEqual(await valuesOf(stream, 'users.name'), ['Cleo', 'Robert'])
  assert.equal((await stream.find({ term: { 'users.id': 4 } })).length, 1)
})

test('DDL while rows flow: names move, old documents are found by the new ones, history is kept', async () => {
  await using stream = await openSearchStream()
  await stream.query('create table a (id int primary key, x text)')
  await stream.query(`insert into a values (1, 'one')`)
  await stream.query('alter table a rename column x to y')
  await stream.query('alter table a rename to b')
  await stream.query('alter table b add column n int')
  await stream.query(`insert into b values (2, 'two', 5)`)
  await stream.settled()
  assert.deepEqual(await valuesOf(stream, 'b.y'), ['one', 'two'])
  assert.equal((await stream.find({ exists: { field: 'a.x' } })).length, 0)
  assert.equal((await stream.find({ range: { 'b.n': { gte: 5 } } })).length, 1)

  await stream.query('alter table b alter column n type text using n::text')
  await stream.query(`insert into b values (3, 'three', 'six')`)
  await stream.settled()
  assert.equal((await stream.find({ term: { 'b.n': 'six' } })).length, 1)

  await stream.query('create schema other')
  await stream.query('alter table b set schema other')
  await stream.query(`insert into other.b values (4, 'four', null)`)
  await stream.settled()
  assert.deepEqual(await valuesOf(stream, 'b.y', all, 'other'), ['four', 'one', 'three', 'two'])
  assert.equal((await stream.find(all)).length, 0)

  await stream.query('alter schema other rename to another')
  await stream.query(`delete from another.b where id = 1`)
  await stream.settled()
  assert.deepEqual(await valuesOf(stream, 'b.y', all, 'another'), ['four', 'three', 'two'])

  await stream.query('create table another.c (id int primary key)')
  await stream.query('insert into another.c values (1)')
  await stream.query('drop table another.b')
  await stream.settled()
  assert.equal((await stream.find(all, 'another')).length, 1)

  await stream.query('drop schema another cascade')
  await stream.query('create table d (id int primary key)')
  await stream.settled()
  await assert.rejects(stream.find(all, 'another'), /404/)

  const { ask, prefix } = stream.space
  const history = await ask<{ hits: { hits: { _source: { schema: string } }[] } }>(
    'POST',
    `${prefix}pgstream/_search`,
    { size: 100, query: { term: { schema_name: 'other' } }, sort: ['version'] },
  )
  const commands = history.hits.hits.map(
    ({ _source }) => (JSON.parse(_source.schema) as { command: string }).command,
  )
  assert.deepEqual(commands, ['CREATE SCHEMA', 'ALTER TABLE'])
})

test('large values that an update does not send are never missing', async () => {
  await using stream = await openSearchStream()
  await stream.query(
    'create table t (id int primary key, n int, large text); alter table t alter large set storage external',
  )
  await stream.query(`insert into t values (1, 1, repeat('x', 10000)), (2, 1, repeat('y', 10000))`)
  await stream.settled()
  await stream.query('update t set n = 2')
  await stream.query('update t set id = 3 where id = 2')
  await stream.query(
    `begin; insert into t values (4, 1, repeat('z', 10000)); update t set n = 2 where id = 4; commit`,
  )
  await stream.settled()
  const found = await stream.find({ term: { 't.n': 2 } })
  const lengths = found.map(({ fields, source }) => {
    const large = Object.values(source).find(
      (value) => typeof value === 'string' && value.length > 1000,
    ) as string
    return `${String(fields['t.id'])}${large.slice(0, 1)}${large.length}`
  })
  assert.deepEqual(lengths.sort(), ['1x10000', '3y10000', '4z10000'])
})

test('truncate empties the table and nothing else', async () => {
  await using stream = await openSearchStream()
  await stream.query('create table a (id int primary key); create table b (id int primary key)')
  await stream.query('insert into a values (1), (2); insert into b values (1)')
  await stream.query('truncate a')
  await stream.query('insert into a values (3)')
  await stream.settled()
  assert.deepEqual(await valuesOf(stream, 'a.id'), [3])
  assert.deepEqual(await valuesOf(stream, 'b.id'), [1])
})
