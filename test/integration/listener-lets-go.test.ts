import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { translator } from '../../src/translator/translator.ts'
import type { PostgresCluster } from '../services/postgres-cluster.ts'
import { cuttableProxy } from '../support/cuttable-proxy.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { openHeldStream } from '../support/held-stream.ts'
import { postgresServers, startPostgres } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'
import type { Session } from '../support/session.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { isRow } from '../support/translations.ts'
import { eventually } from '../support/wait.ts'

/** Containers are killed ten seconds after they were told to stop. */
async function stopsInTime(server: PostgresCluster, limitMs = 10_000): Promise<void> {
  const late = Symbol('late')
  const first = await Promise.race([server.stop('fast'), pause(limitMs, late)])
  assert.notEqual(first, late, `the server still runs ${limitMs} ms after it was told to stop`)
}

/** The process ids of the sessions that wait for the end of their server. */
async function listeners(user: Session): Promise<number[]> {
  const rows = await user.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name = 'pgstream listener'`,
  )
  return rows.map(({ pid }) => pid)
}

for (const { major } of postgresServers()) {
  test(`Postgres ${major}: a server can be shut down while the destination takes nothing, and goes on afterwards`, async () => {
    await using server = await startPostgres({ major })
    await using database = await preparedDatabase(server)
    await database.query('create table t (id int, name text)')
    const { logger, lines } = heardLogger()
    await using stream = openHeldStream(database, { logger, maxQueueBytes: 10_000 })
    await database.query(`insert into t select i, 'row ' || i from generate_series(1, 50000) i`)
    await eventually(() => stream.sink.lines.length > 0)
    await stopsInTime(server)
    await eventually(() => lines.some(({ message }) => /is shutting down.*Trying again/.test(message)))
    await server.restart()
    stream.sink.letGo()
    await eventually(() => assert.equal(new Set(stream.sink.lines).size, 50_000))
    await stream.stop()
  })

  test(`Postgres ${major}: a server can be shut down while the destination is slow, and goes on afterwards`, async () => {
    await using server = await startPostgres({ major })
    await using database = await preparedDatabase(server)
    await database.query('create table t (id int, name text)')
    await using stream = openHeldStream(database, { maxQueueBytes: 10_000, batchSize: 10 })
    let taken = 0
    const slow = setInterval(() => stream.sink.batches[taken] && stream.sink.batches[taken++]!.succeed(), 20)
    await database.query(`insert into t select i, 'row ' || i from generate_series(1, 50000) i`)
    await eventually(() => taken > 5)
    await stopsInTime(server)
    clearInterval(slow)
    assert.ok(stream.sink.lines.length < 50_000)
    await server.restart()
    stream.sink.letGo()
    await eventually(() => assert.equal(new Set(stream.sink.lines).size, 50_000))
    await stream.stop()
  })

  test(`Postgres ${major}: a server that ends idle sessions can be shut down, too`, async () => {
    const idleMs = 500
    await using server = await startPostgres({ major, settings: { idle_session_timeout: String(idleMs) } })
    await using database = await preparedDatabase(server)
    await database.query('create table t (id int, name text)')
    await using stream = openHeldStream(database, { maxQueueBytes: 10_000 })
    await database.query(`insert into t select i, 'row ' || i from generate_series(1, 50000) i`)
    await eventually(() => stream.sink.lines.length > 0)
    await pause(2 * idleMs)
    await stopsInTime(server)
    stream.sink.letGo()
  })

  test(`Postgres ${major}: a server can be shut down just after the idle session was cut on its way`, async () => {
    await using server = await startPostgres({ major })
    await using database = await preparedDatabase(server)
    await database.query('create table t (id int, name text)')
    await using proxy = await cuttableProxy(database.url)
    await using stream = openHeldStream({ ...database, url: proxy.url }, { maxQueueBytes: 10_000 })
    await database.query(`insert into t select i, 'row ' || i from generate_series(1, 50000) i`)
    await eventually(() => stream.sink.lines.length > 0)
    proxy.refuse(true)
    assert.equal(proxy.cut('pgstream listener'), 1)
    const stopped = stopsInTime(server, 20_000)
    await eventually(() => assert.rejects(openSession(database.url)))
    proxy.refuse(false)
    await stopped
    stream.sink.letGo()
  })

  test(`Postgres ${major}: a server that takes no other session from us goes on`, async () => {
    await using server = await startPostgres({ major })
    await using database = await preparedDatabase(server)
    await database.query('create table t (id int, name text)')
    await using user = await openSession(database.url)
    const { logger, lines } = heardLogger()
    await using stream = openHeldStream(database, { logger })
    await database.query(`insert into t values (1, 'held')`)
    await eventually(() => stream.sink.lines.length > 0)
    const hba = join(server.dataDir, 'pg_hba.conf')
    const rules = await readFile(hba, 'utf8')
    await writeFile(hba, `host all all all reject\n${rules}`)
    await user.query('select pg_reload_conf()')
    await eventually(() => assert.rejects(openSession(database.url), { code: '28000' }))
    await user.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
      'pgstream listener',
    ])
    await pause(6_000) // longer than a server in a fast shutdown is kept waiting
    await user.query(`insert into t values (2, 'after')`)
    stream.sink.letGo()
    await eventually(() => assert.deepEqual(stream.sink.lines, ['held', 'after']))
    await writeFile(hba, rules)
    await user.query('select pg_reload_conf()')
    await eventually(async () => (await listeners(user)).length === 1, { timeoutMs: 20_000 })
    assert.deepEqual(
      lines.filter(({ level }) => level === 'warn'),
      [],
    )
  })

  test(`Postgres ${major}: a smart shutdown, or whoever ends our idle session, leaves a stream alone`, async () => {
    await using server = await startPostgres({ major })
    await using database = await preparedDatabase(server)
    await database.query('create table t (id int, name text)')
    await using user = await openSession(database.url)
    const { logger, lines } = heardLogger()
    await using stream = openHeldStream(database, { logger })
    await database.query(`insert into t values (1, 'held')`)
    await eventually(() => stream.sink.lines.length > 0)
    const idle = async (): Promise<number | null> => (await listeners(user))[0] ?? null
    const first = await idle()
    await user.query('select pg_terminate_backend($1)', [first])
    await eventually(async () => {
      const now = await idle()
      return now !== null && now !== first
    })
    const postmaster = await readFile(join(server.dataDir, 'postmaster.pid'), 'utf8')
    process.kill(Number(postmaster.split('\n')[0]), 'SIGTERM')
    await eventually(() => assert.rejects(openSession(database.url)))
    const second = await idle()
    await pause(6_000) // longer than a server in a fast shutdown is kept waiting
    assert.equal(await idle(), second)
    await user.query(`insert into t values (2, 'after')`)
    stream.sink.letGo()
    await eventually(() => assert.deepEqual(stream.sink.lines, ['held', 'after']))
    assert.deepEqual(
      lines.filter(({ level }) => level === 'warn'),
      [],
    )
  })

  test(`Postgres ${major}: a server can be shut down just after DDL, whose marks it refuses by then`, async () => {
    await using server = await startPostgres({ major })
    await using database = await preparedDatabase(server)
    await using stream = openStream(database, { stages: [translator()] })
    await stream.changesOf('select 1')
    const creating = Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        await using user = await openSession(database.url)
        for (let n = 0; ; n++) await user.query(`create table t_${i}_${n} (id int primary key)`)
      }),
    )
    await stream.until((events) => events.length > 200)
    await Promise.all([stopsInTime(server), assert.rejects(creating)])
    await server.restart()
    await using user = await openSession(database.url)
    await user.query('create table after_all (id int primary key); insert into after_all values (1)')
    await stream.until((events) =>
      events.some((event) => isRow(event) && event.relation.table === 'after_all'),
    )
    await stream.stop()
  })
}
