import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postgresServers } from '../support/postgres.ts'
import { loggedDatabase } from '../support/logged-database.ts'

for (const server of postgresServers()) {
  const on = `Postgres ${server.major}: `

  test(`${on}a type that gets another name or schema is told by every table that uses it, however`, async () => {
    await using database = await loggedDatabase(server)
    const { told } = database
    await told(
      `create schema s; create type colour as enum ('red'); create domain d as colour; create domain dd as d;
       create table a (id int primary key, c colour); create table b (id int primary key, c colour[]);
       create table s.c (id int primary key, c d, e dd); create table other (id int primary key)`,
    )
    assert.deepEqual(await told(`alter type colour add value 'blue'`), [])
    assert.deepEqual(await told(`alter type colour rename value 'red' to 'crimson'`), [
      `public ALTER TYPE: a(id integer unique not null, c public.colour); b(id integer unique not null, c public.colour[])`,
      's ALTER TYPE: c(id integer unique not null, c public.d, e public.dd)',
    ])
    assert.deepEqual(await told('alter type colour rename to color'), [
      `public ALTER TYPE: a(id integer unique not null, c public.color); b(id integer unique not null, c public.color[])`,
      's ALTER TYPE: c(id integer unique not null, c public.d, e public.dd)',
    ])
    assert.equal((await database.described('c')).columns[1]?.base_type, 'public.color')
    assert.deepEqual(await told('alter type color set schema s'), [
      'public ALTER TYPE: a(id integer unique not null, c s.color); b(id integer unique not null, c s.color[])',
      's ALTER TYPE: c(id integer unique not null, c public.d, e public.dd)',
    ])
    assert.deepEqual(await told('alter domain d set not null'), [
      's ALTER DOMAIN: c(id integer unique not null, c public.d not null, e public.dd not null)',
    ])
    assert.deepEqual(await told('alter schema s rename to t'), [
      'public ALTER SCHEMA: a(id integer unique not null, c t.color); b(id integer unique not null, c t.color[])',
      't ALTER SCHEMA: c(id integer unique not null, c public.d not null, e public.dd not null); renamed from s',
    ])
    assert.deepEqual(await told('drop type t.color cascade'), [
      'public DROP TYPE: a(id integer unique not null); b(id integer unique not null)',
      't DROP TYPE: c(id integer unique not null)',
    ])
  })

  test(`${on}a composite type is told by the tables made of it`, async () => {
    await using database = await loggedDatabase(server)
    await database.told('create type pair as (a int, b int); create table t of pair (primary key (a))')
    assert.deepEqual(await database.told('alter type pair add attribute c text cascade'), [
      'public ALTER TYPE: t(a integer unique not null, b integer, c text)',
    ])
    assert.deepEqual(await database.told('alter type pair drop attribute b cascade'), [
      'public ALTER TYPE: t(a integer unique not null, c text)',
    ])
    assert.deepEqual(await database.told('drop type pair cascade'), ['public DROP TYPE: without t'])
  })

  test(`${on}an extension is told by the tables that use its types`, async () => {
    await using database = await loggedDatabase(server)
    await database.told(
      'create schema s; create extension citext; create table t (id int primary key, c citext unique)',
    )
    assert.deepEqual(await database.told('alter extension citext set schema s'), [
      'public ALTER EXTENSION: t(id integer unique not null, c s.citext unique)',
    ])
    assert.deepEqual(await database.told('drop extension citext cascade'), [
      'public DROP EXTENSION: t(id integer unique not null)',
    ])
  })

  test(`${on}a default that is dropped with a function or sequence is told by its table`, async () => {
    await using database = await loggedDatabase(server)
    await database.told(
      `create function f() returns int language sql as 'select 1'; create table a (id serial primary key);
       create table b (id int primary key default f(), c int default nextval('a_id_seq'))`,
    )
    const [entry] = await database.entriesOf('drop function f() cascade')
    assert.deepEqual(
      entry?.schema.tables.map(({ name, columns }) => [name, columns[0]?.default]),
      [['b', null]],
    )
    assert.deepEqual(
      await database.told('alter table a drop column id cascade, add column id int primary key'),
      [
        'public ALTER TABLE: b(id integer unique not null, c integer)',
        'public ALTER TABLE: a(id integer unique not null)',
      ],
    )
    assert.deepEqual(database.warnings(), [])
  })

  test(`${on}what happens to a partitioned table is told by its partitions, also in other schemas`, async () => {
    await using database = await loggedDatabase(server)
    const { told } = database
    await told(
      `create schema s; create table p (a int not null, b int) partition by range (a);
       create table p1 partition of p for values from (1) to (10) partition by range (a);
       create table s.p2 partition of p1 for values from (1) to (5)`,
    )
    const pair = (columns: string): string => `p(${columns}); p1(${columns})`
    assert.deepEqual(await told('alter table p add primary key (a)'), [
      `public ALTER TABLE: ${pair('a integer unique not null, b integer')}`,
      's ALTER TABLE: p2(a integer unique not null, b integer)',
    ])
    assert.deepEqual(await told('alter table p rename column b to c'), [
      `public ALTER TABLE: ${pair('a integer unique not null, c integer')}`,
      's ALTER TABLE: p2(a integer unique not null, c integer)',
    ])
    assert.deepEqual(await told('alter table p alter column c set statistics 9'), [])
    assert.deepEqual(await told('alter table p rename to q'), [
      'public ALTER TABLE: q(a integer unique not null, c integer)',
    ])
    assert.deepEqual(await told('create unique index on q (a, c)'), [
      'public CREATE INDEX: p1(a integer unique not null, c integer); q(a integer unique not null, c integer)',
      's CREATE INDEX: p2(a integer unique not null, c integer)',
    ])
    assert.deepEqual(await told('drop table q'), [
      'public DROP TABLE: without p1; without q',
      's DROP TABLE: without p2',
    ])
  })

  test(`${on}a partition that is attached or detached is told together with its parent, and no other`, async () => {
    await using database = await loggedDatabase(server)
    const { told } = database
    await told(
      `create table p (a int primary key, b int) partition by range (a);
       create table p1 partition of p for values from (1) to (10); create schema s; create table s.c (a int not null, b int)`,
    )
    const row = 'a integer unique not null, b integer'
    assert.deepEqual(await told('alter table p attach partition s.c for values from (10) to (20)'), [
      `public ALTER TABLE: p(${row})`,
      `s ALTER TABLE: c(${row})`,
    ])
    assert.deepEqual(await told('alter table p detach partition s.c'), [
      `public ALTER TABLE: p(${row})`,
      `s ALTER TABLE: c(${row})`,
    ])
    await told('alter table p attach partition s.c for values from (10) to (20)')
    assert.deepEqual(await told('alter table p detach partition s.c concurrently'), [])
    assert.deepEqual(await told('drop table p'), ['public DROP TABLE: without p; without p1'])
  })

  test(`${on}what happens to a table is told by those that inherit from it`, async () => {
    await using database = await loggedDatabase(server)
    const { told } = database
    await told(
      `create table a (id int primary key, b int); create table c (x int primary key) inherits (a);
       create table d (primary key (x)) inherits (c)`,
    )
    assert.deepEqual(await told('alter table a add column e int'), [
      'public ALTER TABLE: ' +
        [
          'a(id integer unique not null, b integer, e integer)',
          'c(id integer not null, b integer, x integer unique not null, e integer)',
          'd(id integer not null, b integer, x integer unique not null, e integer)',
        ].join('; '),
    ])
    assert.deepEqual(await told('alter table a drop column b'), [
      'public ALTER TABLE: ' +
        [
          'a(id integer unique not null, e integer)',
          'c(id integer not null, x integer unique not null, e integer)',
          'd(id integer not null, x integer unique not null, e integer)',
        ].join('; '),
    ])
    assert.deepEqual(await told('drop table a cascade'), [
      'public DROP TABLE: without a; without c; without d',
    ])
  })
}
