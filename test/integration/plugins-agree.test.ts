import assert from 'node:assert/strict'
import { test } from 'node:test'
import { init } from '../../src/postgres/init.ts'
import type { ChangeEvent, WalEvent } from '../../src/wal/event.ts'
import { encodeWireJson } from '../../src/wal/wire-json.ts'
import { openBothPlugins } from '../support/both-plugins.ts'
import { createEveryType, everyType, insertEveryType } from '../support/every-type.ts'
import { postgresServers, wal2jsonIsThere } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import type { TestStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'

const server = postgresServers().find(({ major }) => major === 15)
const skip = server && wal2jsonIsThere() ? false : 'needs wal2json'

/** What only one of the two can say. */
const withoutOid = (event: ChangeEvent): object =>
  'relation' in event ? { ...event, relation: { ...event.relation, oid: 0 } } : event

test('both plugins give the same events, positions and JSON, whatever is done', { skip }, async (t) => {
  await using both = await openBothPlugins(server!, (database) =>
    database.query(`
      create table shown (id int primary key); insert into shown values (1);
      create materialized view view as select * from shown; create unique index on view (id)`),
  )
  const agree = async (sql: string, map = (event: ChangeEvent): object => event): Promise<ChangeEvent[]> => {
    const { pgoutput, wal2json } = await both.changesOf(sql)
    assert.deepEqual(wal2json.map(map), pgoutput.map(map))
    assert.deepEqual(wal2json.map(encodeWireJson), pgoutput.map(encodeWireJson))
    assert.ok(pgoutput.length > 0)
    return pgoutput
  }

  await t.test('rows of every type, but for NaN and infinities', async () => {
    const infinite = Object.keys(everyType).flatMap((type, i) =>
      /^(real|double precision|numeric(\(.*)?)$/.test(type)
        ? [`c${i} in ('NaN', 'Infinity', '-Infinity')`]
        : [],
    )
    await both.query(createEveryType())
    await agree(`
      create table finite (like every_type including all);
      create temporary table filler (like every_type);
      ${insertEveryType().replace('every_type', 'filler')};
      insert into finite select * from filler where (${infinite.join(' or ')}) is not true;
      update finite set key = -key; delete from finite where key = -1;
      alter table finite replica identity full; update finite set key = -key; delete from finite`)
  })

  await t.test('keys: changed and not, of several columns, by an index, none', async () => {
    await agree(`
      create table keyed (a int, b text, c text, primary key (b, a));
      insert into keyed values (1, 'x', 'y'), (2, 'x', 'y');
      update keyed set c = 'z'; update keyed set b = 'w' where a = 1; update keyed set a = a + 10; delete from keyed;
      create table indexed (a int, b int not null, c numeric not null, d text);
      create unique index indexed_key on indexed (c, b);
      alter table indexed replica identity using index indexed_key;
      insert into indexed values (1, 2, 1.0, 'x'); update indexed set a = 2; update indexed set c = 1.00; delete from indexed;
      create table keyless (a int, b text);
      insert into keyless values (1, 'x'); update keyless set a = 2; delete from keyless;
      create table deferred (a int primary key deferrable, b int);
      insert into deferred values (1, 1), (2, 2); update deferred set a = 3 - a; delete from deferred`)
  })

  await t.test('large values: unchanged, changed, in keys, under FULL', async () => {
    await agree(`
      create table large (k text primary key, v text, w text, n int);
      alter table large alter k set storage external, alter v set storage external, alter w set storage external;
      insert into large values (repeat('k', 2500), repeat('v', 5000), repeat('w', 5000), 1);
      update large set n = 2; update large set v = 'short'; update large set v = null, w = repeat('x', 5000);
      update large set k = 'small'; update large set n = 3;
      alter table large replica identity full;
      update large set n = 4; update large set w = ''; delete from large`)
  })

  await t.test('shapes that change between rows of one transaction', async () => {
    await agree(`
      begin;
      create table changing (id int primary key, old text);
      insert into changing values (1, 'a');
      alter table changing rename column old to new;
      alter table changing add column more text default 'x', alter column new set storage external;
      insert into changing values (2, repeat('b', 5000), 'y');
      update changing set more = 'z';
      alter table changing drop column more, alter column id type bigint;
      update changing set id = -id;
      alter table changing rename to changed;
      update changed set id = -id;
      create schema other; alter table changed set schema other;
      update other.changed set id = -id where id = 2;
      create table changed (only_this text);
      insert into changed values ('x');
      drop table other.changed;
      commit`)
  })

  await t.test('tables of a schema that is renamed', async () => {
    await agree(`
      create schema house; create table house.rooms (id int primary key); insert into house.rooms values (1);
      begin; alter schema house rename to home; update home.rooms set id = 2; commit`)
    await agree('update home.rooms set id = 3; alter schema home rename to house')
    await agree('update house.rooms set id = 4; drop schema house cascade')
  })

  await t.test('types of users, arrays of them, domains over each other, renamed ones', async () => {
    await agree(`
      create schema "My Types";
      create type mood as enum ('sad', 'happy'); create type "My Types"."Mood" as enum ('sad');
      create type pair as (a int, b mood); create type nested as (p pair, ps pair[]);
      create domain price as numeric(10,2) check (value >= 0); create domain discount as price;
      create domain moods as mood[]; create domain "My Types"."D" as "My Types"."Mood";
      create type span as range (subtype = float8);
      create table typed (id int primary key, a mood, b mood[], c "My Types"."Mood", d "My Types"."Mood"[], e pair,
        f nested, g price, h discount, i price[], j moods, k "My Types"."D", l span, m "char", n bit, o char(3)[]);
      insert into typed values (1, 'sad', '{sad,NULL}', 'sad', '{sad}', '(1,happy)', '("(1,sad)","{""(2,happy)""}")',
        1.5, 2.50, '{1,2.5}', '{sad}', 'sad', '[1.5,2)', 'x', '1', '{ab}');
      alter type mood rename to temper;
      update typed set id = 2;
      alter domain price rename to cost;
      update typed set id = 3;
      alter schema "My Types" rename to theirs;
      update typed set id = 4`)
  })

  await t.test('partitions, row movement, TRUNCATE of several, inheritance', async () => {
    await agree(
      `
      create table part (a int primary key, b text) partition by range (a);
      create table part1 partition of part for values from (0) to (10);
      create table part2 partition of part for values from (10) to (30) partition by range (a);
      create table part21 partition of part2 for values from (10) to (20);
      insert into part values (1, 'a'), (11, 'b'); update part set a = 12 where a = 1; truncate part;
      create table parent (a int primary key); create table child (b int) inherits (parent);
      insert into parent values (1); insert into child values (1, 2); update parent set a = 3; truncate parent;
      create table target (a int primary key); create table refers (a int references target);
      insert into target values (1); insert into refers values (1); truncate target cascade`,
    )
  })

  await t.test('COPY, savepoints, messages, empty transactions', async () => {
    await agree(`
      create table plain (a int primary key);
      begin; insert into plain select generate_series(1, 500); savepoint s; delete from plain; rollback to s;
      select pg_logical_emit_message(true, 'app', 'in "it"'); select pg_logical_emit_message(false, 'app', 'alone');
      delete from plain where a % 2 = 0; commit;
      begin; create temporary table t (a int); insert into t values (1); commit`)
  })

  await t.test('materialized views, refreshed at once and concurrently', async () => {
    await agree('insert into shown values (2)')
    const refreshed = await both.changesOf('refresh materialized view concurrently view')
    assert.deepEqual(refreshed, { pgoutput: [], wal2json: [] })
    await agree('update shown set id = 3 where id = 2; refresh materialized view view')
    // one row is added to the view and takes a number
    const later = (event: ChangeEvent): object => ({ ...event, ordinal: 0 })
    const { pgoutput, wal2json } = await both.changesOf(
      'update shown set id = 4 where id = 3; refresh materialized view concurrently view; delete from shown where id = 4',
    )
    assert.deepEqual(wal2json.map(later), pgoutput.map(later))
    assert.deepEqual([pgoutput.at(-1)?.ordinal, wal2json.at(-1)?.ordinal], [1, 2])
    await agree('drop materialized view view; create table view (id int primary key, a text)')
    await agree(`insert into view values (1, 'x'); update view set a = 'y'; truncate view`)
  })

  await t.test('rows that a table is made with, but for the oid, which wal2json does not say', async () => {
    await agree(
      `create table made as select i as a, 'x'::varchar(3) as b from generate_series(1, 3) i`,
      withoutOid,
    )
    await agree('update made set a = a + 1')
  })

  await t.test('commits have the same positions, where both have them', async () => {
    const commits = (stream: TestStream): string[] =>
      stream.events.flatMap((event) => (event.kind === 'commit' ? JSON.stringify(event, bigintText) : []))
    const all = commits(both.streams.pgoutput)
    const wal2json = await both.streams.wal2json.until(() => {
      const seen = commits(both.streams.wal2json)
      return seen.includes(all.at(-1)!) && seen
    })
    // the slot of pgoutput is older, and Postgres leaves out commits of which it publishes nothing
    const pgoutput = all.slice(all.findIndex((commit) => wal2json.includes(commit)))
    assert.ok(pgoutput.length > 50)
    assert.deepEqual(
      wal2json.filter((commit) => pgoutput.includes(commit)),
      pgoutput,
    )
  })
})

test(
  'a row waits, by wal2json only, while a transaction has the index of its key locked',
  { skip },
  async () => {
    await using database = await preparedDatabase({ url: server!.url, plugin: 'pgoutput' })
    const slotName = `${database.name}_wal2json`
    await init({ url: database.url, plugin: 'wal2json', slotName, waitTimeoutMs: 30_000 })
    await database.query('create table t (id int primary key); insert into t values (1); update t set id = 2')
    await using user = await openSession(database.url)
    await user.query('begin; truncate t')
    await using pgoutput = openStream(database)
    await using wal2json = openStream(database, { slotName })
    const hasRow = (events: readonly WalEvent[]): boolean => events.some(({ kind }) => kind === 'update')
    await pgoutput.until(hasRow)
    const waits = async (): Promise<boolean> => {
      const locks = await database.query(
        `select from pg_locks l join pg_replication_slots s on l.pid = s.active_pid
        where s.slot_name = $1 and l.relation = 't_pkey'::regclass and not l.granted`,
        [slotName],
      )
      return locks.length > 0
    }
    await eventually(waits, { about: 'wal2json that waits for the index' })
    assert.equal(hasRow(wal2json.events), false)
    await user.query('rollback')
    await wal2json.until(hasRow)
  },
)

const bigintText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value
