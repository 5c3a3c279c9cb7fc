import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PgstreamError } from '../../src/errors.ts'
import { init } from '../../src/postgres/init.ts'
import type { InitOptions } from '../../src/postgres/init.ts'
import { mendReplicaIdentities } from '../../src/postgres/replica-identities.ts'
import type { Step } from '../../src/postgres/step.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { assertPrepared } from '../support/prepared-state.ts'
import { openSession } from '../support/session.ts'
import { eventually } from '../support/wait.ts'

/** An `init` on its way, and the waiting that it told of so far. */
function startInit(options: InitOptions): { done: Promise<unknown>; waits: (step: string) => string[] } {
  const told: Step[] = []
  const done = init({ ...options, report: (step) => told.push(step) })
  done.catch(() => undefined)
  const waits = (step: string): string[] =>
    told.filter((one) => one.state === 'waiting' && one.step === step).map(({ detail }) => detail)
  return { done, waits }
}

/** The one sentence that gives up waiting; the database is left such that another init mends it. */
async function gaveUp(done: Promise<unknown>, said: RegExp): Promise<void> {
  await assert.rejects(done, (error) => {
    assert.ok(error instanceof PgstreamError)
    assert.equal(error.code, 'PGSTREAM_INIT_INCOMPLETE')
    assert.match(error.message, said)
    assert.match(error.remedy, /run it again/)
    return true
  })
}

/** As DDL that ran while somebody had switched the event triggers off. */
async function unseenByTriggers(database: TemporaryDatabase, ddl: string): Promise<void> {
  const toggle = (how: string): string => `do $$ declare name text; begin
    for name in select evtname from pg_event_trigger loop
      execute format('alter event trigger %I ${how}', name);
    end loop; end $$`
  await database.query(toggle('disable'))
  await database.query(ddl)
  await database.query(toggle('enable always'))
}

for (const { major, url } of postgresServers()) {
  void describe(`init beside other sessions of Postgres ${major}`, () => {
    test('waits for a transaction that began before the event triggers, says whose it is, and goes on', async () => {
      await using database = await temporaryDatabase(url)
      await using other = await openSession(database.url, 'month end')
      await other.query('begin; select 1')
      const { done, waits } = startInit({ url: database.url })
      const sentence = await eventually(() => waits('older transactions')[0] ?? false)
      assert.match(
        sentence,
        new RegExp(`pid ${other.pid} \\(user postgres, application month end, .* for \\d+ s`),
      )
      await other.query('commit')
      await done
      await assertPrepared(database)
    })

    test('gives up at the end of its time, names the transaction, and a later init does the rest', async () => {
      await using database = await temporaryDatabase(url)
      await using other = await openSession(database.url)
      await other.query('begin; select 1')
      await gaveUp(init({ url: database.url, waitTimeoutMs: 200 }), new RegExp(`pid ${other.pid} `))
      await gaveUp(
        init({ url: database.url, signal: AbortSignal.timeout(200) }),
        new RegExp(`pid ${other.pid} `),
      )
      await other.query('commit')
      await init({ url: database.url })
      await assertPrepared(database)
    })

    test('does not wait again, once it has, for what is open when it runs again', async () => {
      await using database = await temporaryDatabase(url)
      await init({ url: database.url })
      await using other = await openSession(database.url)
      await other.query('begin; create table open_now (a int)')
      await init({ url: database.url, waitTimeoutMs: 0 })
      await other.query('rollback')
    })

    test('a table that is being created while init runs gets its identity and its entry', async () => {
      await using database = await temporaryDatabase(url)
      await using other = await openSession(database.url)
      await other.query('begin; create table early (a int); insert into early values (1)')
      const { done, waits } = startInit({ url: database.url })
      await eventually(() => waits('older transactions').length > 0)
      await other.query('update early set a = 2')
      await other.query('commit')
      await done
      await other.query('update early set a = 3; delete from early')
      const [entries] = await database.query(
        "select count(*)::int as count from pgstream.schema_log where schema_log::text like '%early%'",
      )
      assert.notEqual(entries?.['count'], 0)
      await assertPrepared(database)
    })

    test('a transaction that is prepared meanwhile is waited for like an open one', async (context) => {
      await using database = await temporaryDatabase(url)
      const [setting] = await database.query(
        "select current_setting('max_prepared_transactions')::int as max",
      )
      if (setting?.['max'] === 0) return context.skip('max_prepared_transactions is 0')
      await using other = await openSession(database.url)
      const gid = `pgstream ${database.name}`
      await other.query('begin; create table early (a int); insert into early values (1)')
      const { done, waits } = startInit({ url: database.url })
      await eventually(() => waits('older transactions').length > 0)
      await other.query(`prepare transaction '${gid}'`)
      await using late = await openSession(database.url)
      await gaveUp(
        init({ url: database.url, waitTimeoutMs: 300 }),
        new RegExp(`prepared transaction "${gid}" \\(user postgres`),
      )
      await late.query(`commit prepared '${gid}'`)
      await done
      await late.query('update early set a = 3')
      await assertPrepared(database)
    })

    test('a table in use is told with its user, and taken when it is free', async () => {
      await using database = await temporaryDatabase(url)
      await using writer = await openSession(database.url, 'the writer')
      await init({ url: database.url })
      await unseenByTriggers(database, 'create table busy (a int); insert into busy values (1)')
      await database.query('drop publication pgstream_publication')
      await database.query(
        'select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()',
      )
      await writer.query('begin; update busy set a = 2')
      const { done, waits } = startInit({ url: database.url })
      const sentence = await eventually(() => waits('replica identities')[0] ?? false)
      assert.match(
        sentence,
        new RegExp(`public.busy is in use by pid ${writer.pid} .* application the writer`),
      )
      await gaveUp(init({ url: database.url, waitTimeoutMs: 0 }), new RegExp(`pid ${writer.pid} `))
      await writer.query('update busy set a = 3; commit')
      await done
      await writer.query('update busy set a = 4')
      await assertPrepared(database)
    })

    test('mending a table that somebody uses makes nobody wait; it is told, and done the next time', async () => {
      await using database = await temporaryDatabase(url)
      await init({ url: database.url })
      await using writer = await openSession(database.url, 'the writer')
      await unseenByTriggers(database, 'create table busy (a int); create table free (a int)')
      await writer.query('begin; insert into busy values (1)')
      const first = await mendReplicaIdentities(database.client)
      assert.deepEqual(first.mended, ['public.free'])
      assert.equal(first.left[0]?.table, 'public.busy')
      assert.match(
        first.left[0].because,
        new RegExp(`pid ${writer.pid} \\(user postgres, application the writer`),
      )
      await database.query('insert into busy values (2)')
      await writer.query('commit')
      assert.deepEqual(await mendReplicaIdentities(database.client), { mended: ['public.busy'], left: [] })
      assert.deepEqual(await mendReplicaIdentities(database.client), { mended: [], left: [] })
      await writer.query('update busy set a = 2')
    })

    test('says whose transaction the creation of the slot waits for, and leaves no slot when it gives up', async () => {
      await using database = await temporaryDatabase(url)
      await init({ url: database.url })
      const slots = 'select slot_name from pg_replication_slots where database = current_database()'
      const before = await database.query(slots)
      await using elsewhere = await openSession(url, 'elsewhere')
      await elsewhere.query('begin; select pg_current_xact_id()')
      const options = { url: database.url, slotName: `second_${database.name}` }
      const { done, waits } = startInit(options)
      const sentence = await eventually(() => waits('slot')[0] ?? false)
      assert.match(
        sentence,
        new RegExp(`waits for pid ${elsewhere.pid} \\(user postgres, application elsewhere`),
      )
      await gaveUp(init({ ...options, waitTimeoutMs: 300 }), /is at it/)
      await elsewhere.query('commit')
      await done
      await elsewhere.query('begin; select pg_current_xact_id()')
      const third = { url: database.url, slotName: `third_${database.name}` }
      await gaveUp(init({ ...third, waitTimeoutMs: 3_000 }), new RegExp(`pid ${elsewhere.pid} `))
      await elsewhere.query('commit')
      assert.equal((await database.query(slots)).length, before.length + 1)
      await init(third)
      await assertPrepared(database, third.slotName)
    })
  })
}
