import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'node:test'
import { init } from '../../src/postgres/init.ts'
import { migrate } from '../../src/postgres/migrate.ts'
import { readMigrations } from '../../src/postgres/migration-files.ts'
import { tearDown } from '../../src/postgres/tear-down.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import { assertPrepared, traces } from '../support/prepared-state.ts'
import { openSession } from '../support/session.ts'
import { eventually } from '../support/wait.ts'

/** migrations, older transactions, replica identities, publication, slot, existing tables */
const stepsOfInit = 6
const script = fileURLToPath(new URL('../support/killed-init.ts', import.meta.url))

/** An `init` that kill -9 ends when it tells of its n-th step. */
async function killedInit(url: string, steps: number): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, url, String(steps)], { stdio: 'inherit' })
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL')
}

const tables = 'create table keyless (a int, b text); create table keyed (a int primary key)'

for (const { major, url } of postgresServers()) {
  void describe(`half an init on Postgres ${major}`, () => {
    for (let steps = 1; steps <= stepsOfInit; steps += 1) {
      test(`killed at step ${steps}: tear-down removes it, the next init completes it`, async () => {
        await using database = await temporaryDatabase(url)
        await database.query(tables)
        const before = await traces(database)
        await killedInit(database.url, steps)
        assert.notDeepEqual(await traces(database), before)
        await tearDown({ url: database.url })
        assert.deepEqual(await traces(database), before)

        await killedInit(database.url, steps)
        await init({ url: database.url })
        await assertPrepared(database)
        const [logged] = await database.query('select count(*)::int as times from pgstream.schema_log')
        const report = await init({ url: database.url })
        assert.deepEqual(new Set(report.steps.map(({ state }) => state)).has('done'), false)
        assert.deepEqual(
          (await database.query('select count(*)::int as times from pgstream.schema_log'))[0],
          logged,
        )
      })
    }

    test('cut after every single migration, it goes on with the next one', async () => {
      await using database = await temporaryDatabase(url)
      await database.query(tables)
      const before = await traces(database)
      const names = (await readMigrations()).map(({ name }) => name)
      for (const index of names.slice(1).keys()) {
        await using session = await openSession(database.url)
        const query = session.client.query.bind(session.client)
        let commits = 0
        const cutting = Object.assign(Object.create(session.client) as typeof session.client, {
          query: async (text: string, values?: unknown[]) => {
            if (text === 'commit') commits += 1
            if (commits > index + 1) {
              await session.client.end()
              throw new Error('Connection terminated')
            }
            return query(text, values)
          },
        })
        await assert.rejects(migrate(cutting), /Connection terminated/)
        const rows = await database.query('select name from pgstream.migrations order by version')
        assert.deepEqual(
          rows.map(({ name }) => String(name)),
          names.slice(0, index + 1),
        )
        if (index === 7) {
          await tearDown({ url: database.url })
          assert.deepEqual(await traces(database), before)
        }
      }
      await init({ url: database.url })
      await assertPrepared(database)
    })

    test('killed while Postgres creates the slot, it leaves none, and the next init waits for what is left', async (context) => {
      await using database = await temporaryDatabase(url)
      const notices = await database.query("set client_connection_check_interval = '2s'").then(
        () => true,
        () => false,
      )
      if (!notices) return context.skip('this server cannot notice that a client is gone')
      await using other = await openSession(url, 'elsewhere')
      await other.query('begin; select pg_current_xact_id()')
      const child = spawn(process.execPath, ['--import', 'tsx', script, database.url, '5'], {
        stdio: 'inherit',
      })
      const exit = once(child, 'exit')
      const slots =
        "select active_pid from pg_replication_slots where database = current_database() and plugin = 'pgoutput'"
      await eventually(async () => (await database.query(slots)).length === 1)
      child.kill('SIGKILL')
      await exit
      const next = init({ url: database.url })
      await eventually(async () => (await database.query(slots)).length === 0)
      await other.query('commit')
      await next
      await assertPrepared(database)
    })
  })
}
