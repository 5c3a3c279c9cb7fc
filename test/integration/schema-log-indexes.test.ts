import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postgresServers } from '../support/postgres.ts'
import { loggedDatabase } from '../support/logged-database.ts'
import { openSession } from '../support/session.ts'

for (const server of postgresServers()) {
  const on = `Postgres ${server.major}: `

  test(`${on}an index is told when it makes a column unique or ceases to`, async () => {
    await using database = await loggedDatabase(server)
    const { told } = database
    await told('create table t (id int primary key, a int, b int)')
    const t = (a: string): string => `t(id integer unique not null, ${a}, b integer)`
    assert.deepEqual(await told('create unique index i on t (a)'), [
      `public CREATE INDEX: ${t('a integer unique')}`,
    ])
    assert.deepEqual(await told('alter index i rename to j'), [])
    assert.deepEqual(await told('drop index j'), [`public DROP INDEX: ${t('a integer')}`])
    assert.deepEqual(await told('create unique index concurrently i on t (a)'), [
      `public CREATE INDEX: ${t('a integer unique')}`,
    ])
    assert.deepEqual(await told('drop index concurrently i'), [`public DROP INDEX: ${t('a integer')}`])
    assert.deepEqual(await told('alter table t add constraint c unique (a)'), [
      `public ALTER TABLE: ${t('a integer unique')}`,
    ])
    assert.deepEqual(await told('alter table t drop constraint c'), [`public ALTER TABLE: ${t('a integer')}`])
    await told('create index k on t (a); reindex index k')
    assert.deepEqual(await told('drop index concurrently k'), [
      // dropped concurrently: nobody can see any more that it was not unique
      `public DROP INDEX: ${t('a integer')}`,
    ])
    assert.deepEqual(database.warnings(), [])
  })

  test(`${on}two open CREATE UNIQUE INDEX of one table do not wait, and say that they only add`, async () => {
    await using database = await loggedDatabase(server)
    await database.told('create table t (id int primary key, a int, b int)')
    await using first = await openSession(database.url)
    await using second = await openSession(database.url)
    await first.query('begin; create unique index on t (a)')
    await second.query(`set lock_timeout = '2s'; begin; create unique index on t (b); commit`)
    await first.query('commit')
    const entries = await database.entriesOf('select')
    assert.deepEqual(
      entries.map(({ schema }) => [
        schema.adds_indexes,
        schema.tables[0]?.unique_indexes.map(({ columns }) => columns.join()),
      ]),
      [
        [true, ['id', 'a']],
        [true, ['id', 'b']],
      ],
    )
    const [later] = await database.entriesOf('alter table t add column c int')
    assert.equal(later?.schema.adds_indexes, undefined)
    assert.deepEqual(later?.schema.tables[0]?.unique_indexes.map(({ columns }) => columns.join()).sort(), [
      'a',
      'b',
      'id',
    ])
  })

  if (server.major >= 17) {
    test(`${on}an index that REINDEX gives another oid is told`, async () => {
      await using database = await loggedDatabase(server)
      await database.told('create table t (id int primary key)')
      const before = await database.described('t')
      const [entry] = await database.entriesOf('reindex index concurrently t_pkey')
      assert.equal(entry?.schema.adds_indexes, true)
      assert.notEqual(entry.schema.tables[0]?.unique_indexes[0]?.oid, before.unique_indexes[0]?.oid)
    })
  }
}
