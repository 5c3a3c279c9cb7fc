import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postgresServers } from '../support/postgres.ts'
import { loggedDatabase } from '../support/logged-database.ts'
import { openSource } from '../support/source.ts'

for (const server of postgresServers()) {
  const on = `Postgres ${server.major}: `

  test(`${on}creating, altering and dropping a table leaves one entry each, with the table complete`, async () => {
    await using database = await loggedDatabase(server)
    const { told } = database
    assert.deepEqual(await told('create table t (id int primary key, b text)'), [
      'public CREATE TABLE: t(id integer unique not null, b text)',
    ])
    assert.deepEqual(await told('alter table t add column c numeric(10,2), alter column b set not null'), [
      'public ALTER TABLE: t(id integer unique not null, b text not null, c numeric(10,2))',
    ])
    assert.deepEqual(await told('alter table t drop column b'), [
      'public ALTER TABLE: t(id integer unique not null, c numeric(10,2))',
    ])
    assert.deepEqual(await told('alter table t alter column c type bigint using 1'), [
      'public ALTER TABLE: t(id integer unique not null, c bigint)',
    ])
    assert.deepEqual(await told('drop table t'), ['public DROP TABLE: without t'])
  })

  test(`${on}names of tables and columns change, their ids stay until they are dropped`, async () => {
    await using database = await loggedDatabase(server)
    await database.query('create table t (id int primary key, b text)')
    const before = await database.described('t')
    assert.deepEqual(
      await database
        .told('alter table t rename column b to c; alter table t rename to u')
        .then((all) => all.slice(1)),
      [
        'public ALTER TABLE: t(id integer unique not null, c text)',
        'public ALTER TABLE: u(id integer unique not null, c text)',
      ],
    )
    const after = await database.described('u')
    assert.equal(after.pgstream_id, before.pgstream_id)
    assert.match(after.pgstream_id, /^[0-9a-v]{20}$/)
    assert.deepEqual(
      after.columns.map(({ pgstream_id: id }) => id),
      [`${before.pgstream_id}-1`, `${before.pgstream_id}-2`],
    )
    const [dropped] = await database.entriesOf('drop table u')
    assert.deepEqual(dropped?.schema.dropped_tables, [
      { pgstream_id: before.pgstream_id, oid: before.oid, name: 'u' },
    ])
    await database.query('create table u (id int primary key)')
    assert.notEqual((await database.described('u')).pgstream_id, before.pgstream_id)
  })

  test(`${on}a table that moves to another schema is told in both`, async () => {
    await using database = await loggedDatabase(server)
    await database.told('create table t (id int primary key); create schema s')
    assert.deepEqual(await database.told('alter table t set schema s'), [
      'public ALTER TABLE: without t',
      's ALTER TABLE: t(id integer unique not null)',
    ])
  })

  test(`${on}schemas are told when they come, are renamed and go, with all that goes with them`, async () => {
    await using database = await loggedDatabase(server)
    const { told } = database
    assert.deepEqual(await told('create schema s'), ['s CREATE SCHEMA: '])
    assert.deepEqual(
      await told(
        `create schema e create table a (id int primary key) create table b (id int primary key, a int)
           create unique index on b (a) create view v as select 1 as one`,
      ),
      ['e CREATE SCHEMA: a(id integer unique not null); b(id integer unique not null, a integer unique)'],
    )
    assert.deepEqual(await told('alter schema e rename to f'), ['f ALTER SCHEMA: renamed from e'])
    assert.deepEqual(await told('alter schema f owner to current_user'), [])
    assert.deepEqual(await told('create table s.c (id int primary key)'), [
      's CREATE TABLE: c(id integer unique not null)',
    ])
    assert.deepEqual(await told('drop schema f, s cascade'), [
      'f DROP SCHEMA: without a; without b; dropped',
      's DROP SCHEMA: without c; dropped',
    ])
  })

  test(`${on}a command on tables of several schemas leaves one entry in each`, async () => {
    await using database = await loggedDatabase(server)
    await database.told(
      `create schema s; create role owner_of_${database.name};
       create table a (id int primary key); create table b (id int primary key);
       create table s.c (id int primary key); create table s.d (id int primary key)`,
    )
    assert.deepEqual(await database.told('drop table a, s.c'), [
      'public DROP TABLE: without a',
      's DROP TABLE: without c',
    ])
    const role = `owner_of_${database.name}`
    try {
      await database.query(`alter table b owner to ${role}; alter table s.d owner to ${role}`)
      assert.deepEqual(await database.told(`drop owned by ${role}`), [
        'public DROP OWNED: without b',
        's DROP OWNED: without d',
      ])
    } finally {
      await database.query(`drop role ${role}`)
    }
  })

  test(`${on}what leaves the shape of a table as it is leaves no entry`, async () => {
    await using database = await loggedDatabase(server)
    await database.told(`create table t (id int primary key, b text); create table u (id int primary key)`)
    const harmless = `
      alter table t alter column b set statistics 7; alter table t alter column b set storage external;
      alter table t set (fillfactor = 50); alter table t owner to current_user; comment on table t is 'words';
      alter table t add constraint c check (id > 0) not valid; alter table t validate constraint c;
      alter table t rename constraint c to d; alter table t add foreign key (id) references u;
      create index i on t (b, id); alter index i rename to j; drop index j; cluster t using t_pkey;
      grant select on t to public; analyze t; alter table t enable row level security; truncate t, u;
      create trigger g before update on t for each row execute function suppress_redundant_updates_trigger();
      create view v as select * from t; alter view v rename column b to c; comment on column v.c is 'words'; drop view v;
      create materialized view m as select * from t; create unique index on m (id); refresh materialized view m;
      alter materialized view m rename to n; drop materialized view n;
      create function f() returns int language sql as 'select 1'; drop function f();
      create type e as enum ('a'); alter type e add value 'b'; drop type e; create sequence q; drop sequence q;
      create table if not exists t (other int)`
    for (const statement of harmless.split(/;\s*/))
      assert.deepEqual(await database.told(statement), [], statement)
  })

  test(`${on}temporary and unlogged tables and those of system schemas leave no entry`, async () => {
    await using database = await loggedDatabase(server)
    assert.deepEqual(
      await database.told(
        `create temp table a (id int); alter table a add column b int; create unique index on a (id); drop table a;
         create temp table a as select 1 as id; select 2 as id into temp b; drop table a, b;
         create unlogged table c (id int); alter table c add column d int; drop table c;
         create table pgstream.e (id int); drop table pgstream.e`,
      ),
      [],
    )
    assert.deepEqual(
      await database.told('create unlogged table f (id int primary key); alter table f set logged'),
      ['public ALTER TABLE: f(id integer unique not null)'],
    )
    assert.deepEqual(
      await database.told(
        'alter table f set unlogged; alter table f add column b int; alter table f set logged',
      ),
      ['public ALTER TABLE: without f', 'public ALTER TABLE: f(id integer unique not null, b integer)'],
    )
  })

  test(`${on}DDL in functions, procedures, DO blocks and savepoints is told where it is committed`, async () => {
    await using database = await loggedDatabase(server)
    const { told } = database
    assert.deepEqual(
      await told(
        `do $$ begin create table a (id int primary key); create temp table x (id int);
           alter table a add column b int; end $$`,
      ),
      [
        'public CREATE TABLE: a(id integer unique not null)',
        'public ALTER TABLE: a(id integer unique not null, b integer)',
      ],
    )
    await told(
      `create function f() returns void language sql as 'create table b (id int primary key)';
       create procedure p() language plpgsql as $$ begin
         create table c (id int primary key); commit; alter table c add column d int; rollback;
         alter table c add column e int; commit; end $$`,
    )
    assert.deepEqual(await told('select f()'), ['public CREATE TABLE: b(id integer unique not null)'])
    assert.deepEqual(await told('call p()'), [
      'public CREATE TABLE: c(id integer unique not null)',
      'public ALTER TABLE: c(id integer unique not null, e integer)',
    ])
    assert.deepEqual(
      await told(
        `begin; alter table a drop column b; savepoint s; alter table a add column y int; rollback to s;
         alter table a add column z int; commit; begin; drop table a, b, c; rollback`,
      ),
      [
        'public ALTER TABLE: a(id integer unique not null)',
        'public ALTER TABLE: a(id integer unique not null, z integer)',
      ],
    )
  })

  test(`${on}an entry stands in the stream before the rows that need it, and after those that do not`, async () => {
    await using source = await openSource(server)
    const changes = await source.changesOf(
      `create table t (id int primary key); insert into t values (1); alter table t add column b int default 2;
       insert into t values (3); begin; alter table t rename to u; insert into u values (4); commit; drop table u;
       create table w (id) as select 5; select 6 as id into x`,
    )
    assert.deepEqual(
      changes.map((change) =>
        change.kind === 'schema-change'
          ? `${change.entry.schemaName} ${change.entry.schema.command}`
          : `${change.kind} ${'relation' in change ? change.relation.table : ''}`,
      ),
      [
        ...[
          'public CREATE TABLE',
          'insert t',
          'public ALTER TABLE',
          'insert t',
          'public ALTER TABLE',
          'insert u',
        ],
        ...['public DROP TABLE', 'insert w', 'public CREATE TABLE AS'],
        ...['insert x', 'public SELECT INTO'],
      ],
    )
  })
}
