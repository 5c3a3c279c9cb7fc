import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { init } from '../../src/postgres/init.ts'
import { printInitSql } from '../../src/postgres/init-sql.ts'
import { mendReplicaIdentities } from '../../src/postgres/replica-identities.ts'
import { tearDown } from '../../src/postgres/tear-down.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import { assertPrepared, traces } from '../support/prepared-state.ts'
import { openSession } from '../support/session.ts'
import { eventually } from '../support/wait.ts'

const hasPsql = spawnSync('psql', ['--version']).status === 0
const skip = hasPsql || process.env['CI'] === 'true' ? false : 'psql is not installed'

/** What psql prints; `said` grows while it runs. */
function runInPsql(url: string, sql: string): { done: Promise<string>; said: () => string } {
  const child = spawn('psql', ['--no-psqlrc', '--quiet', '--file', '-', url])
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  }
  child.stdin.end(sql)
  const done = once(child, 'close').then(([code]) => {
    assert.equal(code, 0, said)
    return said
  })
  done.catch(() => undefined)
  return { done, said: () => said }
}

for (const { major, url } of postgresServers()) {
  void describe(`the script of init --print-sql in psql on Postgres ${major}`, { skip }, () => {
    test('does what init does, any number of times', async () => {
      await using database = await temporaryDatabase(url, {
        name: `My-Db.1 ${randomBytes(3).toString('hex')}`,
      })
      await database.query('create table keyless (a int, b text); create table keyed (a int primary key)')
      const before = await traces(database)
      await init({ url: database.url })
      const prepared = await traces(database)
      await tearDown({ url: database.url })
      assert.deepEqual(await traces(database), before)

      const sql = await printInitSql({ url: database.url })
      await runInPsql(database.url, sql).done
      await assertPrepared(database)
      assert.deepEqual(await traces(database), prepared)
      await runInPsql(database.url, sql).done
      assert.deepEqual(await traces(database), prepared)
      const report = await init({ url: database.url })
      assert.equal(report.steps.filter(({ state }) => state === 'done').length, 0)
      await tearDown({ url: database.url })
      assert.deepEqual(await traces(database), before)
    })

    test('completes half an init', async () => {
      await using database = await temporaryDatabase(url)
      await using other = await openSession(database.url)
      await other.query('begin; create table early (a int)')
      await assert.rejects(init({ url: database.url, waitTimeoutMs: 0 }), {
        code: 'PGSTREAM_INIT_INCOMPLETE',
      })
      const { done, said } = runInPsql(
        database.url,
        await printInitSql({ url: database.url, slotName: `x_${database.name}` }),
      )
      await eventually(() => said().includes(`pid ${other.pid}`))
      await other.query('commit')
      await done
      await assertPrepared(database, `x_${database.name}`)
    })

    test('lets a user who is no superuser do the rest', async () => {
      await using database = await temporaryDatabase(url)
      const role = `ann_${randomBytes(4).toString('hex')}`
      await database.query(`create table keyless (a int); create role ${role} login password 'hush'`)
      try {
        const own = Object.assign(new URL(database.url), { username: role, password: 'hush' }).href
        const sql = await printInitSql({ url: own })
        assert.doesNotMatch(sql, /hush/)
        await runInPsql(database.url, sql).done
        const report = await init({ url: own })
        assert.equal(report.steps.filter(({ state }) => state === 'done').length, 0)
        await init({ url: own, slotName: `second_${database.name}` })
        await assertPrepared(database, `second_${database.name}`)
        await using session = await openSession(own)
        assert.deepEqual(await mendReplicaIdentities(session.client), { mended: [], left: [] })
      } finally {
        await tearDown({ url: database.url })
        await database.query(`drop owned by ${role} cascade; drop role ${role}`)
      }
    })

    test('refuses another database than the one it was printed for', async () => {
      await using database = await temporaryDatabase(url)
      await using other = await temporaryDatabase(url)
      const before = await traces(other)
      const { done, said } = runInPsql(other.url, await printInitSql({ url: database.url }))
      await assert.rejects(done)
      assert.match(said(), new RegExp(`this script is for database ${database.name}`))
      assert.deepEqual(await traces(other), before)
    })
  })
}
