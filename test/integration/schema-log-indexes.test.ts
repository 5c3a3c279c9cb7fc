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
        [true, ['a', 'id']],
        [true, ['b', 'id']],
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

  test(`${on}REINDEX CONCURRENTLY replaces indexes, and leaves nothing in the entries that could be out of date`, async () => {
    await using database = await loggedDatabase(server)
    await database.told('create table t (id int primary key, a text unique, b int); create table u (id int)')
    const before = await database.described('t')
    const oids = async (): Promise<unknown[]> =>
      database.query(`select indexrelid from pg_index where indrelid = 't'::regclass order by 1`)
    for (const what of ['index t_a_key', 'table t', 'schema public', `database ${database.name}`]) {
      const old = await oids()
      const command = what.replace(' ', ' concurrently ')
      const [entry, ...more] = await database.entriesOf(`reindex ${command}`)
      assert.notDeepEqual(await oids(), old, command)
      assert.deepEqual(more, [], command)
      if (entry) assert.deepEqual(entry.schema.tables, [before], command)
    }
    const [added] = await database.entriesOf('create unique index on t (b)')
    assert.deepEqual(added?.schema.tables[0]?.unique_indexes, [
      ...before.unique_indexes.slice(0, 1),
      { columns: ['b'] },
      ...before.unique_indexes.slice(1),
    ])
    assert.deepEqual(await database.told('drop index t_b_idx'), [
      'public DROP INDEX: t(id integer unique not null, a text unique, b integer)',
    ])
  })

  test(`${on}several unique indexes of the same columns are told as one, as long as there is one`, async () => {
    await using database = await loggedDatabase(server)
    await database.told('create table t (id int primary key, a int unique)')
    const unique = async (): Promise<unknown> => (await database.described('t')).unique_indexes
    await database.told('create unique index i on t (a); create unique index j on t (a, id)')
    assert.deepEqual(await unique(), [{ columns: ['a'] }, { columns: ['id'] }, { columns: ['a', 'id'] }])
    assert.deepEqual(await database.told('alter table t drop constraint t_a_key'), [])
    await database.told('drop index i')
    assert.deepEqual(await unique(), [{ columns: ['id'] }, { columns: ['a', 'id'] }])
  })

  test(`${on}a unique index that REINDEX makes valid is told, at once where triggers hear of it`, async () => {
    await using database = await loggedDatabase(server)
    await database.told('create table t (id int primary key, a int); insert into t values (1, 1), (2, 1)')
    await assert.rejects(database.query('create unique index concurrently i on t (a)'), /could not create/)
    await database.query('update t set a = id')
    const told = await database.told('reindex index concurrently i')
    const t = 't(id integer unique not null, a integer unique)'
    assert.deepEqual(told, server.major >= 17 ? [`public REINDEX: ${t}`] : [])
    assert.deepEqual(await database.told(`comment on column t.id is 'words'`), [`public COMMENT: ${t}`])
  })

  test(`${on}REINDEX of many tables tells of none`, async () => {
    await using database = await loggedDatabase(server)
    await database.told('create table t (id int primary key, a text); create table u (id int primary key)')
    await database.told(`create table p (id int primary key) partition by range (id);
      create table a partition of p for values from (1) to (9);
      create table b partition of p for values from (10) to (19)`)
    for (const what of ['table concurrently p', 'schema public', `database concurrently ${database.name}`])
      assert.deepEqual(await database.told(`reindex ${what}`), [], what)
    assert.ok(!database.warnings().join().includes('pgstream'))
  })
}
