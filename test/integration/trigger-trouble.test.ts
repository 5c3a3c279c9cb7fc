import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loggedDatabase } from '../support/logged-database.ts'
import type { LoggedDatabase } from '../support/logged-database.ts'
import { postgresServers } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'

interface Trouble {
  what: string
  command: string
  object: string | null
  sqlstate: string
  message: string
}

const slotOf = (database: LoggedDatabase): string => `trouble_${database.name}`

async function listen(database: LoggedDatabase): Promise<void> {
  await database.query('create publication listening for table pgstream.schema_log')
  await database.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [slotOf(database)])
}

/** What the triggers said in the WAL since the last call. */
async function toldInTheStream(database: LoggedDatabase): Promise<Trouble[]> {
  const messages = await database.query<{ data: Buffer }>(
    `select data from pg_logical_slot_get_binary_changes($1, null, null,
       'proto_version', '1', 'publication_names', 'listening', 'messages', 'true')
      where get_byte(data, 0) = ascii('M')`,
    [slotOf(database)],
  )
  return messages.map(({ data }) => {
    const prefixEnd = data.indexOf(0, 10)
    assert.equal(data.toString('utf8', 10, prefixEnd), 'pgstream.trouble')
    assert.equal(data.readUInt8(1), 1, 'it is transactional')
    return JSON.parse(data.toString('utf8', prefixEnd + 5)) as Trouble
  })
}

const isFull = async (database: LoggedDatabase, table: string): Promise<boolean> => {
  const [row] = await database.query<{ full: boolean }>(
    `select relreplident = 'f' as full from pg_class where oid = $1::regclass`,
    [table],
  )
  return row?.full ?? false
}

for (const server of postgresServers()) {
  const on = `Postgres ${server.major}: `

  test(`${on}tables stay updatable when the trigger cannot even find out what a command was about`, async () => {
    await using database = await loggedDatabase(server)
    await listen(database)
    await database.query('create publication everything for all tables')
    await database.query('alter function pgstream.command_targets() rename to hidden')
    await database.query('create table made (id int); insert into made values (1); update made set id = 2')
    await database.query('create table copied as select 1 as id')
    await database.query('delete from copied')
    assert.ok((await isFull(database, 'made')) && (await isFull(database, 'copied')))
    const told = await toldInTheStream(database)
    assert.ok(told.length >= 2 && told.every(({ what }) => what === 'schema log'))
  })

  test(`${on}without its schema log no DDL fails, and each loss is told to the session and in the stream`, async () => {
    await using database = await loggedDatabase(server)
    await listen(database)
    await database.query(
      'create table t (id int primary key); alter table pgstream.schema_log rename to hidden',
    )
    const commands = ['alter table t add column b int', 'create table u as select 1 as id', 'drop table t']
    for (const command of commands) await database.query(command)
    assert.equal(database.warnings().length, commands.length)
    const told = await toldInTheStream(database)
    assert.deepEqual(
      told.map(({ what, command, sqlstate }) => [what, command, sqlstate]),
      [
        ['schema log', 'ALTER TABLE', '42P01'],
        ['schema log', 'CREATE TABLE AS', '42P01'],
        ['schema log', 'DROP TABLE', '42P01'],
      ],
    )
    assert.match(told[0]?.message ?? '', /schema_log/)
    assert.ok(await isFull(database, 'u'), 'its identity does not depend on the log')
    await database.query('alter table pgstream.hidden rename to schema_log')
    assert.deepEqual(await database.told('alter table u add column c int'), [
      'public CREATE TABLE: t(id integer unique not null)',
      'public ALTER TABLE: u(id integer, c integer)',
    ])
  })

  test(`${on}an identity that cannot be set is told, and the entry is written all the same`, async () => {
    await using database = await loggedDatabase(server)
    await listen(database)
    await database.query('alter table pgstream.replica_identities rename to hidden')
    assert.deepEqual(await database.told('create table t (id int)'), ['public CREATE TABLE: t(id integer)'])
    assert.equal(database.warnings().length, 1)
    const [told] = await toldInTheStream(database)
    assert.deepEqual(
      [told?.what, told?.command, told?.object, told?.sqlstate],
      ['replica identity', 'CREATE TABLE', 'public.t', '42P01'],
    )
  })

  test(`${on}whichever part of the triggers is broken or gone, DDL goes on`, async () => {
    await using database = await loggedDatabase(server)
    const functions = await database.query<{ signature: string; result: string }>(
      `select p.oid::regprocedure::text as signature, pg_get_function_result(p.oid) as result
         from pg_proc p where pronamespace = 'pgstream'::regnamespace and prorettype <> 'event_trigger'::regtype`,
    )
    assert.ok(functions.length > 15)
    const commands = [
      'create table t (id int)',
      'alter table t add column b int',
      'create schema s',
      'drop schema s',
    ]
    for (const { signature } of functions) {
      await database.query('begin')
      await database.query(`drop function ${signature} cascade`)
      for (const command of commands) await database.query(command)
      await database.query('rollback')
    }
    await database.query(
      `create or replace function pgstream.describe_tables(table_oids oid[])
         returns table (table_oid oid, schema_name text, description jsonb) language plpgsql stable
         as $$ begin raise exception 'broken'; end $$`,
    )
    for (const command of commands) await database.query(command)
    assert.ok(await isFull(database, 't'))
    assert.ok(database.warnings().some((warning) => warning.includes('broken')))
  })

  test(`${on}the schema pgstream can be dropped by hand`, async () => {
    await using database = await loggedDatabase(server)
    await database.query('drop schema pgstream cascade; create table t (id int)')
    assert.deepEqual(await database.query('select from pg_event_trigger'), [])
  })

  test(`${on}DDL does not wait for whoever has the schema log locked`, async () => {
    await using database = await loggedDatabase(server)
    await using other = await openSession(database.url)
    await other.query('begin; lock table pgstream.schema_log in access exclusive mode')
    const began = performance.now()
    await database.query(`set statement_timeout = '5s'; create table t (id int); reset statement_timeout`)
    assert.ok(performance.now() - began < 2_000)
    assert.match(database.warnings().join(), /lock timeout/)
    await other.query('rollback')
    assert.ok(await isFull(database, 't'))
  })

  test(`${on}a role without any right here is logged like everybody, and can neither read nor call anything`, async () => {
    await using database = await loggedDatabase(server)
    const role = `nobody_${database.name}`
    await database.query(`create role ${role}; grant create on schema public to ${role}; set role ${role}`)
    try {
      assert.deepEqual(
        await database.told(async () => {
          await database.query('create table t (id int primary key); create table u (id int); drop table t')
          await assert.rejects(database.query('select from pgstream.schema_log'), /permission denied/)
          await assert.rejects(
            database.query(`select pgstream.refresh_schema('public')`),
            /permission denied/,
          )
          await database.query('reset role')
        }),
        [
          'public CREATE TABLE: t(id integer unique not null)',
          'public CREATE TABLE: u(id integer)',
          'public DROP TABLE: without t',
        ],
      )
      const callable = await database.query<{ name: string }>(
        `select p.oid::regprocedure::text as name from pg_proc p
          where pronamespace = 'pgstream'::regnamespace
            and (has_function_privilege($1, p.oid, 'execute') or not array['search_path=pg_catalog, pg_temp'] <@ proconfig)`,
        [role],
      )
      assert.deepEqual(callable, [])
      assert.deepEqual(database.warnings(), [])
    } finally {
      await database.query(`reset role; drop owned by ${role}; drop role ${role}`)
    }
  })

  test(`${on}no setting of a role keeps DDL from being logged`, async () => {
    await using database = await loggedDatabase(server)
    assert.deepEqual(
      await database.told(
        `set session_replication_role = replica; set pgstream.skip_log = 'TRUE'; set pgstream.command = 'NOTHING';
         create table t (id int primary key); reset session_replication_role; drop table t`,
      ),
      ['public CREATE TABLE: t(id integer unique not null)', 'public DROP TABLE: without t'],
    )
  })
}
