import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ErrorCode } from '../../src/errors.ts'
import { init } from '../../src/postgres/init.ts'
import { fromPostgres } from '../../src/postgres/postgres-error.ts'
import { check, lineOf } from '../support/check-report.ts'
import { postgresServers, startPostgres, temporaryDatabase, wal2jsonIsThere } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { traces } from '../support/prepared-state.ts'
import { openSession } from '../support/session.ts'
import { openStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'

/** The setting that minors since August 2026 have; older ones do not start with it. */
async function knowsTheSetting(url: string): Promise<boolean> {
  await using session = await openSession(url)
  return (await session.query(`select from pg_settings where name = 'output_plugin_libraries'`)).length > 0
}

interface Refusal {
  readonly code: ErrorCode
  readonly message: RegExp
  readonly remedy: RegExp
}

/** `init` says why and what to do, and has changed nothing. */
async function refuses(database: TemporaryDatabase, expected: Refusal): Promise<void> {
  const untouched = await traces(database)
  await assert.rejects(init({ url: database.url, plugin: 'wal2json' }), expected)
  assert.deepEqual(await traces(database), untouched)
}

const fifteen = postgresServers().find(({ major }) => major === 15)
const has = fifteen !== undefined && wal2jsonIsThere() && (await knowsTheSetting(fifteen.url))

void describe(
  'a server that does not allow wal2json',
  { skip: !has && 'no server here has wal2json and the setting' },
  () => {
    let server: Awaited<ReturnType<typeof startPostgres>>
    const notAllowed: Refusal = {
      code: 'PGSTREAM_NO_RIGHT',
      message: /does not allow the output plugin wal2json/,
      remedy: /alter system set output_plugin_libraries = 'pgoutput', 'test_decoding', 'wal2json'; /,
    }
    before(async () => {
      server = await startPostgres({
        major: 15,
        settings: { output_plugin_libraries: 'pgoutput, test_decoding' },
      })
    })
    after(() => server[Symbol.asyncDispose]())

    const reloaded = async (database: TemporaryDatabase, setting: RegExp): Promise<void> => {
      await database.query('select pg_reload_conf()')
      await eventually(async () => {
        await using session = await openSession(database.url)
        const [row] = await session.query<{ now: string }>(
          `select current_setting('output_plugin_libraries') as now`,
        )
        assert.match(row!.now, setting)
        return true
      })
    }

    test('init names the setting with what it lists already, and works once that is done', async () => {
      await using database = await temporaryDatabase(server.url)
      await refuses(database, notAllowed)
      const told = lineOf(
        await check(['--pgurl', database.url, '--plugin', 'wal2json']),
        'Postgres: output plugin',
      )
      assert.equal(told.code, notAllowed.code)
      assert.match(told.remedy!, notAllowed.remedy)

      const { remedy } = (await init({ url: database.url, plugin: 'wal2json' }).catch(
        (error: unknown) => error,
      )) as {
        remedy: string
      }
      await database.query(/alter system set [^;]+/.exec(remedy)![0])
      await reloaded(database, /wal2json/)
      await init({ url: database.url, plugin: 'wal2json' })

      await database.query('alter system reset output_plugin_libraries')
      await reloaded(database, /^pgoutput, test_decoding$/)
      await using stream = openStream(database)
      await assert.rejects(stream.ended, notAllowed)
    })

    test('a user who may not see the setting is told the same by what Postgres answers', async () => {
      await using database = await temporaryDatabase(server.url)
      await database.query(`create role ann login replication password 'hush'`)
      await using session = await openSession(
        Object.assign(new URL(database.url), { username: 'ann', password: 'hush' }).href,
      )
      const refused = await session
        .query(`select pg_create_logical_replication_slot('anns', 'wal2json')`)
        .catch((error: unknown) => fromPostgres(error, 'the creation of a slot'))
      assert.ok(refused instanceof Error)
      assert.equal('code' in refused && refused.code, 'PGSTREAM_NO_RIGHT')
      assert.match(
        'remedy' in refused ? String(refused.remedy) : '',
        /output_plugin_libraries.*pg_reload_conf/,
      )
      await database.query('drop role ann')
    })
  },
)

for (const server of postgresServers().filter(({ major }) => major !== 15)) {
  test(`Postgres ${server.major}: a server without wal2json is told the package, and of no setting that would keep it from starting`, async (t) => {
    if (await knowsTheSetting(server.url)) return t.skip('it knows the setting, and refuses by that')
    await using database = await temporaryDatabase(server.url)
    const expected: Refusal = {
      code: 'PGSTREAM_SOURCE_UNSUPPORTED',
      message: /does not have the output plugin wal2json/,
      remedy: new RegExp(`^(?!.*output_plugin_libraries).*postgresql-${server.major}-wal2json.*pgoutput`),
    }
    await refuses(database, expected)
    await init({ url: database.url })
  })
}
