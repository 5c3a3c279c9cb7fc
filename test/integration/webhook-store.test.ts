import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { pgstream } from '../support/command.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import { preparedDatabase } from '../support/source.ts'

const [server] = postgresServers()

test('a store that is away, refuses the password, is missing or may not be written to ends the start with a sentence that names the setting', async () => {
  await using source = await preparedDatabase(server!)
  await using other = await temporaryDatabase(server!.url)
  const user = `ann_${randomBytes(4).toString('hex')}`
  await source.query(`create role ${user} login password 'hush'`)
  try {
    const store = (change: Partial<URL>): string => Object.assign(new URL(other.url), change).href
    for (const [url, code, says] of [
      ['postgres://me:hush@127.0.0.1:1/shop', 'PGSTREAM_SOURCE_UNREACHABLE', /127\.0\.0\.1:1/],
      [store({ password: 'hush' }), 'PGSTREAM_SOURCE_REFUSED', /password/],
      [store({ pathname: '/no_such_database' }), 'PGSTREAM_SOURCE_REFUSED', /no_such_database/],
      [store({ username: user, password: 'hush' }), 'PGSTREAM_NO_RIGHT', /permission/],
    ] as const) {
      const env = {
        PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: url,
        PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: 'localhost:0',
      }
      const run = await pgstream(['run', '--pgurl', source.url], { env })
      assert.equal(run.code, 1, run.stderr)
      const last = JSON.parse(run.stderr.trim().split('\n').at(-1)!) as { error: Record<string, string> }
      const { error } = last
      assert.equal(error['code'], code, run.stderr)
      assert.match(error['message']!, says)
      assert.match(error['remedy']!, /PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL/)
      assert.doesNotMatch(run.stderr, /hush/)
    }
  } finally {
    await source.query(`drop role ${user}`)
  }
})
