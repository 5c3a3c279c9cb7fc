import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { PgstreamError } from '../../src/errors.ts'
import type { ErrorCode } from '../../src/errors.ts'
import { postgresListener } from '../../src/postgres/postgres-listener.ts'
import { postgresServers, temporaryDatabase, urlOfDatabase } from '../support/postgres.ts'
import { preparedDatabase, slotNameOf } from '../support/source.ts'

const secretPassword = 'correct-horse'

/** The error that a listener ends with, after asserting that it has words, a remedy and no secret. */
async function errorOf(url: string, slotName?: string): Promise<PgstreamError> {
  const listener = postgresListener({ url, slotName })
  listener.resume()
  const [error] = (await once(listener, 'error')) as [unknown]
  assert.ok(error instanceof PgstreamError, String(error))
  assert.ok(listener.destroyed)
  assert.ok(!`${error.message} ${error.remedy}`.includes(secretPassword), error.message)
  return error
}

async function assertRefused(
  about: { url: string; slotName?: string },
  expected: { code: ErrorCode; message: RegExp; remedy: RegExp },
): Promise<void> {
  const { code, message, remedy } = await errorOf(about.url, about.slotName)
  assert.equal(code, expected.code, message)
  assert.match(message, expected.message)
  assert.match(remedy, expected.remedy)
}

for (const server of postgresServers()) {
  test(`Postgres ${server.major}: what is wrong with a source is said at the start, with the remedy`, async (t) => {
    await using database = await preparedDatabase(server)
    const { url } = database
    const secret = new URL(url)
    secret.password = secretPassword

    await t.test('a slot that is not there', async () => {
      await assertRefused(
        { url, slotName: 'nobody_made_this' },
        { code: 'PGSTREAM_SLOT_MISSING', message: /nobody_made_this/, remedy: /pgstream init/ },
      )
    })

    await t.test('a database that init did not prepare', async () => {
      await using bare = await temporaryDatabase(server.url)
      await assertRefused(
        { url: bare.url },
        { code: 'PGSTREAM_SLOT_MISSING', message: new RegExp(slotNameOf(bare)), remedy: /pgstream init/ },
      )
    })

    await t.test('a slot of another output plugin', async () => {
      await database.query(`select pg_create_logical_replication_slot($1, 'test_decoding')`, [
        `${database.name}_td`,
      ])
      await assertRefused(
        { url, slotName: `${database.name}_td` },
        { code: 'PGSTREAM_SLOT_INVALID', message: /test_decoding/, remedy: /another name|drop/ },
      )
    })

    await t.test('a slot of another database, and a physical one', async () => {
      await using other = await preparedDatabase(server)
      await assertRefused(
        { url, slotName: slotNameOf(other) },
        { code: 'PGSTREAM_SLOT_INVALID', message: new RegExp(other.name), remedy: /another name|drop/ },
      )
      const physical = `${database.name}_physical`
      await database.query('select pg_create_physical_replication_slot($1)', [physical])
      try {
        await assertRefused(
          { url, slotName: physical },
          { code: 'PGSTREAM_SLOT_INVALID', message: /physical/, remedy: /another name|drop/ },
        )
      } finally {
        await database.query('select pg_drop_replication_slot($1)', [physical])
      }
    })

    await t.test('a publication that is not there, or not of everything', async () => {
      await using source = await preparedDatabase(server)
      await source.query('drop publication pgstream_publication')
      await assertRefused(
        { url: source.url },
        { code: 'PGSTREAM_NOT_INITIALIZED', message: /pgstream_publication/, remedy: /pgstream init/ },
      )
      await source.query('create publication pgstream_publication')
      await assertRefused(
        { url: source.url },
        { code: 'PGSTREAM_INIT_INCOMPLETE', message: /pgstream_publication/, remedy: /init/ },
      )
    })

    await t.test('a wrong password, a wrong user, a wrong database', async () => {
      await assertRefused(
        { url: secret.href },
        { code: 'PGSTREAM_SOURCE_REFUSED', message: /password/, remedy: /password/ },
      )
      const stranger = new URL(url)
      stranger.username = 'nobody_at_all'
      await assertRefused(
        { url: stranger.href },
        { code: 'PGSTREAM_SOURCE_REFUSED', message: /nobody_at_all/, remedy: /user/ },
      )
      await assertRefused(
        { url: urlOfDatabase(url, 'no_such_database') },
        { code: 'PGSTREAM_SOURCE_REFUSED', message: /no_such_database/, remedy: /database/ },
      )
    })

    await t.test('a user who may not replicate', async () => {
      const role = `${database.name}_reader`
      await database.query(`create role ${role} login password '${secretPassword}'`)
      try {
        const reader = new URL(url)
        reader.username = role
        reader.password = secretPassword
        await assertRefused(
          { url: reader.href },
          {
            code: 'PGSTREAM_NO_RIGHT',
            message: /WAL sender|walsender|replication/i,
            remedy: /[Gg]rant|right/,
          },
        )
      } finally {
        await database.query(`drop role ${role}`)
      }
    })

    await t.test('a port where nobody listens', async () => {
      const nowhere = new URL(url)
      nowhere.port = '1'
      await assertRefused(
        { url: nowhere.href },
        { code: 'PGSTREAM_SOURCE_UNREACHABLE', message: /ECONNREFUSED/, remedy: /host|port/ },
      )
    })
  })
}
