import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PgstreamError } from '../../src/errors.ts'
import { connect } from '../../src/postgres/connect.ts'
import { init } from '../../src/postgres/init.ts'
import { defaultSlotName } from '../../src/postgres/slot-name.ts'
import { tearDown } from '../../src/postgres/tear-down.ts'
import type { TearDownReport } from '../../src/postgres/tear-down.ts'
import type { Step } from '../../src/postgres/step.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { assertPrepared, traces } from '../support/prepared-state.ts'
import { openSession } from '../support/session.ts'
import { eventually } from '../support/wait.ts'

const states = (report: TearDownReport): string[] =>
  report.steps.map(({ step, state }) => `${step}: ${state}`)

/** One table for each identity that there is. */
const tables = `create table keyless (a int);
  create table keyed (a int primary key);
  create table whole (a int); alter table whole replica identity full;
  create table nothing (a int primary key); alter table nothing replica identity nothing;
  create table by_index (a int not null, constraint by_index_key unique (a));
  alter table by_index replica identity using index by_index_key;
  create table "Odd one" (a int)`

for (const { major, url } of postgresServers()) {
  void describe(`tear-down on Postgres ${major}`, () => {
    test('leaves no trace, says what it did, and finds nothing to do the second time', async () => {
      await using database = await temporaryDatabase(url)
      await database.query(tables)
      const before = await traces(database)
      await init({ url: database.url })
      const report = await tearDown({ url: database.url })
      assert.deepEqual(await traces(database), before)
      assert.equal(report.database, database.name)
      assert.deepEqual(states(report), [
        'slot: done',
        'publication: done',
        'event triggers: done',
        'replica identities: done',
        'schema: done',
      ])
      assert.match(report.steps[3]?.detail ?? '', /public\.keyless.*public\.nothing.*public\."Odd one"/)
      assert.deepEqual(JSON.parse(JSON.stringify(report)), report)
      const second = await tearDown({ url: database.url })
      assert.deepEqual(new Set(second.steps.map(({ state }) => state)), new Set(['already']))
      assert.deepEqual(await traces(database), before)
    })

    test('tables that changed after init are restored too, and init can follow again', async () => {
      await using database = await temporaryDatabase(url)
      await init({ url: database.url })
      await database.query('create table late (a int); create table gone (a int); drop table gone')
      await database.query(
        'create table dropped (a int primary key); alter table dropped drop constraint dropped_pkey',
      )
      await database.query(
        'alter table late rename to later; create schema s; alter table later set schema s',
      )
      await tearDown({ url: database.url })
      const identities =
        'select distinct relreplident as identity from pg_class where oid in ($1::regclass, $2::regclass)'
      assert.deepEqual(await database.query(identities, ['s.later', 'dropped']), [{ identity: 'd' }])
      await init({ url: database.url })
      await assertPrepared(database)
    })

    test('a table whose user chose another replica identity meanwhile keeps it, and is named', async () => {
      await using database = await temporaryDatabase(url)
      await database.query('create table chosen (a int not null, constraint chosen_key unique (a))')
      await init({ url: database.url })
      await database.query('alter table chosen replica identity using index chosen_key')
      const report = await tearDown({ url: database.url })
      assert.match(report.steps.find(({ state }) => state === 'warning')?.detail ?? '', /public\.chosen/)
      const identity = "select relreplident as identity from pg_class where oid = 'chosen'::regclass"
      assert.deepEqual(await database.query(identity), [{ identity: 'i' }])
    })

    test('refuses while somebody reads from the slot, names the reader, and has removed nothing', async () => {
      await using database = await temporaryDatabase(url)
      await init({ url: database.url })
      const before = await traces(database)
      await using reader = await readSlot(database)
      await assert.rejects(tearDown({ url: database.url }), (error) => {
        assert.ok(error instanceof PgstreamError)
        assert.equal(error.code, 'PGSTREAM_SLOT_ACTIVE')
        assert.match(error.message, new RegExp(`pid ${reader.pid} `))
        assert.match(error.remedy, new RegExp(`pg_terminate_backend\\(${reader.pid}\\)`))
        return true
      })
      assert.deepEqual(await traces(database), before)
    })

    test('a reader that stops within a few seconds is waited for', async () => {
      await using database = await temporaryDatabase(url)
      const before = await traces(database)
      await init({ url: database.url })
      const reader = await readSlot(database)
      const done = tearDown({ url: database.url })
      await eventually(async () => (await database.query(tearDownSessions)).length > 0)
      await reader[Symbol.asyncDispose]()
      await done
      assert.deepEqual(await traces(database), before)
    })

    test('with one slot named, what another slot needs stays', async () => {
      await using database = await temporaryDatabase(url)
      const second = `second_${database.name}`
      await init({ url: database.url })
      await init({ url: database.url, slotName: second })
      const report = await tearDown({ url: database.url, slotName: second })
      assert.deepEqual(states(report), ['slot: done', 'other slots: warning'])
      await assertPrepared(database)
      await init({ url: database.url, slotName: second })
      await tearDown({ url: database.url })
      assert.deepEqual(
        await database.query('select from pg_replication_slots where database = current_database()'),
        [],
      )
    })

    test('waits for transactions that use a table or the schema, says whose they are, and gives up in time', async () => {
      await using database = await temporaryDatabase(url)
      await database.query('create table keyless (a int)')
      const before = await traces(database)
      await init({ url: database.url })
      await using other = await openSession(database.url, 'the writer')
      await other.query('begin; insert into keyless values (1)')
      const told: Step[] = []
      const done = tearDown({ url: database.url, report: (step) => told.push(step) })
      const waits = (step: string): string | false =>
        told.find((one) => one.state === 'waiting' && one.step === step)?.detail ?? false
      assert.match(
        await eventually(() => waits('replica identities')),
        new RegExp(`keyless .* pid ${other.pid} `),
      )
      await assert.rejects(tearDown({ url: database.url, waitTimeoutMs: 0 }), (error) => {
        assert.ok(error instanceof PgstreamError)
        assert.equal(error.code, 'PGSTREAM_TEAR_DOWN_INCOMPLETE')
        return error.message.includes(`pid ${other.pid} `)
      })
      await other.query('commit; begin; select from pgstream.schema_log')
      assert.match(await eventually(() => waits('schema')), new RegExp(`pid ${other.pid} `))
      await other.query('commit')
      await done
      assert.deepEqual(await traces(database), before)
    })

    test("somebody else's schema pgstream is left alone", async () => {
      await using database = await temporaryDatabase(url)
      await database.query('create schema pgstream; create table pgstream.mine (a int)')
      const before = await traces(database)
      for (const command of [init, tearDown]) {
        await assert.rejects(command({ url: database.url }), { code: 'PGSTREAM_INIT_INCOMPLETE' })
      }
      assert.deepEqual(await traces(database), before)
    })
  })
}

const tearDownSessions =
  "select from pg_stat_activity where application_name = 'pgstream tear-down' and datname = current_database()"

/** A walsender that streams from the slot of `init`. */
async function readSlot(database: TemporaryDatabase): Promise<AsyncDisposable & { pid: number }> {
  const slot = defaultSlotName(database.name)
  const client = await connect(database.url, { replication: 'database' })
  const options = `proto_version '1', publication_names 'pgstream_publication'`
  client.query(`START_REPLICATION SLOT ${slot} LOGICAL 0/0 (${options})`).catch(() => undefined)
  const pid = await eventually(async () => {
    const rows = await database.query<{ pid: number | null }>(
      'select active_pid as pid from pg_replication_slots where slot_name = $1',
      [slot],
    )
    return rows[0]?.pid ?? false
  })
  return { pid, [Symbol.asyncDispose]: () => client.end() }
}
