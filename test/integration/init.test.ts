import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { PgstreamError } from '../../src/errors.ts'
import { init } from '../../src/postgres/init.ts'
import type { InitReport } from '../../src/postgres/init.ts'
import { publicationName } from '../../src/postgres/publication.ts'
import { defaultSlotName } from '../../src/postgres/slot-name.ts'
import { tearDown } from '../../src/postgres/tear-down.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { assertPrepared } from '../support/prepared-state.ts'

const stateOf = (report: InitReport, step: string): string[] =>
  report.steps.filter((one) => one.step === step).map(({ state }) => state)

const identityOf = async (database: TemporaryDatabase, table: string): Promise<string | undefined> => {
  const rows = await database.query<{ identity: string }>(
    'select relreplident as identity from pg_class where oid = $1::regclass',
    [table],
  )
  return rows[0]?.identity
}

for (const { major, url } of postgresServers()) {
  void describe(`init on Postgres ${major}`, () => {
    test('prepares a database, says what it did, and says so in JSON', async () => {
      await using database = await temporaryDatabase(url)
      await database.query('create table keyless (a int); create table keyed (a int primary key)')
      const report = await init({ url: database.url })
      await assertPrepared(database)
      assert.equal(report.database, database.name)
      assert.equal(report.slot, defaultSlotName(database.name))
      assert.equal(report.publication, publicationName)
      assert.deepEqual(
        report.steps.map(({ step, state }) => `${step}: ${state}`),
        [
          'migrations: done',
          'older transactions: done',
          'replica identities: done',
          'publication: done',
          'slot: done',
          'existing tables: done',
        ],
      )
      assert.match(report.steps[2]?.detail ?? '', /public\.keyless/)
      assert.doesNotMatch(report.steps[2]?.detail ?? '', /keyed/)
      assert.deepEqual(JSON.parse(JSON.stringify(report)), report)
    })

    test('a second init finds everything there and changes nothing', async () => {
      await using database = await temporaryDatabase(url)
      await database.query('create table keyless (a int)')
      await init({ url: database.url })
      const entries = 'select count(*)::int as entries from pgstream.schema_log'
      const before = await database.query(entries)
      const report = await init({ url: database.url })
      assert.deepEqual(new Set(report.steps.map(({ state }) => state)), new Set(['already']))
      assert.deepEqual(await database.query(entries), before)
      await assertPrepared(database)
    })

    test('a database that any name is allowed for gets a slot that Postgres allows', async () => {
      await using database = await temporaryDatabase(url, {
        name: `My-Db.1 ${randomBytes(3).toString('hex')}`,
      })
      await init({ url: database.url })
      await assertPrepared(database)
    })

    test('the URL may be written with and without parameters, and hold # and @ in the password', async () => {
      await using database = await temporaryDatabase(url)
      const role = `ann_${randomBytes(4).toString('hex')}`
      await database.query(`create role ${role} superuser login password 'p#s@s/w%rd'`)
      try {
        const { host } = new URL(url)
        for (const password of ['p#s@s/w%rd', encodeURIComponent('p#s@s/w%rd')]) {
          const plain = `postgres://${role}:${password}@${host}/${database.name}`
          for (const query of ['', '?', '?sslmode=disable', '?sslmode=prefer&application_name=x']) {
            await init({ url: plain + query })
          }
        }
        await assertPrepared(database)
        await tearDown({ url: database.url })
      } finally {
        await database.query(`drop owned by ${role} cascade; drop role ${role}`)
      }
    })

    test('two slots of one database share everything else', async () => {
      await using database = await temporaryDatabase(url)
      const second = `second_${randomBytes(4).toString('hex')}`
      await init({ url: database.url })
      const report = await init({ url: database.url, slotName: second })
      assert.equal(report.slot, second)
      assert.deepEqual(stateOf(report, 'publication'), ['already'])
      assert.deepEqual(stateOf(report, 'existing tables'), ['done'])
      await assertPrepared(database)
      await assertPrepared(database, second)
    })

    test('twenty inits at once all succeed, and leave what one leaves', async () => {
      await using database = await temporaryDatabase(url)
      await database.query('create table keyless (a int); create table keyed (a int primary key)')
      const reports = await Promise.all(Array.from({ length: 20 }, () => init({ url: database.url })))
      for (const step of ['slot', 'existing tables']) {
        assert.equal(reports.filter((report) => stateOf(report, step).includes('done')).length, 1, step)
      }
      await assertPrepared(database)
      const [rows] = await database.query('select count(*)::int as migrations from pgstream.migrations')
      const [already] = (await init({ url: database.url })).steps
      assert.equal(already?.detail, `all ${String(rows?.['migrations'])} were there`)
    })

    test('users of tables without a key go on as before', async () => {
      await using database = await temporaryDatabase(url)
      await database.query(
        `create table keyless (a int);
         create table deferred (a int primary key deferrable);
         create table nothing (a int primary key);
         alter table nothing replica identity nothing;
         create table by_index (a int not null, constraint by_index_key unique (a));
         alter table by_index replica identity using index by_index_key;
         alter table by_index drop constraint by_index_key;
         insert into keyless values (1); insert into deferred values (1);
         insert into nothing values (1); insert into by_index values (1)`,
      )
      await init({ url: database.url })
      await database.query('create table later (a int); insert into later values (1)')
      await database.query('create table copied as select 1 as a')
      await database.query('create table dropped (a int primary key); insert into dropped values (1)')
      await database.query('alter table dropped drop constraint dropped_pkey')
      await database.query(
        `set session_replication_role = replica; create table unseen (a int); insert into unseen values (1);
         reset session_replication_role`,
      )
      for (const table of [
        'keyless',
        'deferred',
        'nothing',
        'by_index',
        'later',
        'copied',
        'dropped',
        'unseen',
      ]) {
        await database.query(`update ${table} set a = 2`)
        await database.query(`delete from ${table}`)
      }
    })

    test('a table that got a key later has its own replica identity again after the next init', async () => {
      await using database = await temporaryDatabase(url)
      await database.query('create table restored (a int); create table chosen (a int primary key)')
      await database.query('alter table chosen replica identity full')
      await init({ url: database.url })
      assert.equal(await identityOf(database, 'restored'), 'f')
      await database.query('alter table restored add primary key (a)')
      const report = await init({ url: database.url })
      assert.match(
        report.steps.find(({ detail }) => detail.includes('restored'))?.detail ?? '',
        /public\.restored/,
      )
      assert.equal(await identityOf(database, 'restored'), 'd')
      assert.equal(await identityOf(database, 'chosen'), 'f')
    })

    test('warns of tables whose large values now go into the WAL, with what helps each', async () => {
      await using database = await temporaryDatabase(url)
      await database.query(
        'create table notes (note text); create table "Odd" (a int not null unique, b text)',
      )
      const report = await init({ url: database.url })
      const warning = report.steps.find(({ state }) => state === 'warning')?.detail ?? ''
      assert.match(warning, /alter table public\.notes add primary key/)
      assert.match(warning, /alter table public\."Odd" replica identity using index "Odd_a_key"/)
      await database.query('alter table notes add primary key (note)')
      await database.query('alter table "Odd" replica identity using index "Odd_a_key"')
      assert.deepEqual(
        (await init({ url: database.url })).steps.filter(({ state }) => state === 'warning'),
        [],
      )
    })

    test(
      'a table that can have no identity stops init before users would notice',
      { skip: major < 18 },
      async () => {
        await using database = await temporaryDatabase(url)
        await database.query('create table doubled (a int, b int generated always as (a * 2) virtual)')
        await assert.rejects(init({ url: database.url }), (error) => {
          assert.ok(error instanceof PgstreamError)
          assert.equal(error.code, 'PGSTREAM_INIT_INCOMPLETE')
          assert.match(error.message, /public\.doubled .* virtual generated column/)
          return error.remedy.includes('primary key')
        })
        await database.query('insert into doubled values (1); update doubled set a = 2')
        await database.query('alter table doubled add primary key (a)')
        await init({ url: database.url })
        await database.query('update doubled set a = 3; delete from doubled')
        await assertPrepared(database)
      },
    )

    test('a name that Postgres refuses for a slot is refused before anything is changed', async () => {
      await using database = await temporaryDatabase(url)
      await assert.rejects(init({ url: database.url, slotName: 'My-Slot' }), (error) => {
        assert.ok(error instanceof PgstreamError)
        return error.code === 'PGSTREAM_CONFIG_INVALID' && error.remedy.includes('my_slot')
      })
      assert.deepEqual(await database.query("select from pg_namespace where nspname = 'pgstream'"), [])
    })
  })
}
