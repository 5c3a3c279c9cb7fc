/** What breaks is told within seconds, the same everywhere: /ready, /status, /metrics, `pgstream status` and the page. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StatusReport } from '../../src/cli/status-report.ts'
import { httpFront } from '../support/http-front.ts'
import { startKafka } from '../support/kafka.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { readPrometheus } from '../support/prometheus.ts'
import { Receiver } from '../support/receiver.ts'
import { RunningOps } from '../support/running-ops.ts'
import { searchSpace } from '../support/search.ts'
import { openSession } from '../support/session.ts'
import { preparedDatabase } from '../support/source.ts'
import { StatusPage } from '../support/status-page.ts'
import { statusOf } from '../support/status-report.ts'
import { eventually } from '../support/wait.ts'
import { deadLetters, subscribe } from '../support/webhooks.ts'

const patience = { timeoutMs: 90_000, every: 200 }
const stallSoon = { PGSTREAM_OPS_STALL_AFTER: '2s' }

const database = (): Promise<TemporaryDatabase> =>
  preparedDatabase(postgresServers()[0]!, {
    before: (db) => db.query('create table items (id int primary key, note text)'),
  })

const isReady = (run: RunningOps): Promise<unknown> =>
  eventually(async () => assert.equal((await run.ready()).code, 200), patience)

/** Waits until it is not ready for this reason, and holds that the others say the same. */
async function isToldEverywhere(
  run: RunningOps,
  url: string,
  reason: RegExp,
  page: StatusPage | null = null,
): Promise<StatusReport> {
  await eventually(async () => {
    const { code, body } = await run.ready()
    assert.equal(code, 503)
    assert.match(body.reasons.join('\n'), reason)
  }, patience)
  assert.equal(readPrometheus(await run.metrics()).value('pgstream_ready'), 0)
  const report = await statusOf(['--pgurl', url, '--ops-address', `:${run.port}`])
  assert.equal(report.ok, false)
  assert.match(report.running!.reasons.join('\n'), reason)
  await page?.shows(/● not ready/)
  await page?.shows(reason)
  return report
}

const lagOf = async (run: RunningOps): Promise<number> => (await run.status()).lagSeconds

test('a Kafka broker that is killed', async () => {
  await using db = await database()
  await using broker = await startKafka()
  const env = {
    ...stallSoon,
    PGSTREAM_KAFKA_SERVERS: broker.servers.address.PLAINTEXT,
    PGSTREAM_KAFKA_TOPIC_NAME: 'items',
    PGSTREAM_KAFKA_TOPIC_AUTO_CREATE: 'true',
  }
  await using run = await RunningOps.start(['--pgurl', db.url], { env })
  await isReady(run)
  await using page = await StatusPage.openAlone(run)
  await page?.shows(/● streaming/)
  await db.query('insert into items select generate_series(1, 100)')
  await eventually(async () => assert.equal((await run.status()).sinks[0]!.lagSeconds, 0), patience)
  await broker.stop('crash')
  await db.query(`insert into items select n, 'planted-row' from generate_series(101, 3000) n`)
  const { slot, running } = await isToldEverywhere(
    run,
    db.url,
    /^The processor kafka delivers nothing/m,
    page,
  )
  const [sink] = running!.sinks
  assert.ok(sink!.lagSeconds >= 2, `the oldest change waits for ${sink!.lagSeconds} s`)
  assert.ok(sink!.queue.length > 0)
  assert.ok(slot!.lagBytes > 100_000, `${slot!.lagBytes} bytes are behind`)
  const before = await lagOf(run)
  await eventually(async () => assert.ok((await lagOf(run)) > before + 2, 'the lag grows'), patience)
  await broker.restart()
  await isReady(run)
  await eventually(async () => {
    const { sinks, lagSeconds } = await run.status()
    assert.deepEqual([sinks[0]!.queue.length, lagSeconds], [0, 0])
    assert.ok(sinks[0]!.retries > 0, 'attempts are counted')
  }, patience)
  await page?.shows(/● streaming[\s\S]*● up to date/)
})

test('a reader that stops, until the whole queue of 100 MiB is full', async () => {
  await using db = await database()
  await using run = await RunningOps.start(['--stdout', '--pgurl', db.url], {
    env: stallSoon,
    keepUnread: true,
  })
  await isReady(run)
  await using page = await StatusPage.openAlone(run)
  // more than waits in the queue, in the pipe and on the way
  await db.query(
    `insert into items select n, 'planted-row' || repeat('x', 3000) from generate_series(1, 50000) n`,
  )
  const isFull = async (): Promise<void> => {
    const { queue } = (await run.status()).sinks[0]!
    assert.ok(queue.length >= queue.limit, `${queue.length} of ${queue.limit} ${queue.unit}`)
    assert.ok(queue.length < queue.limit * 1.1, `${queue.length} of ${queue.limit} ${queue.unit}`)
  }
  await eventually(isFull, patience)
  const { slot } = await isToldEverywhere(run, db.url, /^The processor stdout delivers nothing/m, page)
  await page?.shows(/10\d(\.\d)? MB of 104\.9 MB waiting, 10\d %/)
  const { value } = readPrometheus(await run.metrics())
  assert.ok(value('pgstream_processor_queue', { processor: 'stdout' }) >= 100 * 1024 * 1024)
  // what was read before the commit came may be confirmed, but not the commit
  assert.ok(slot!.lagBytes > 0, `${slot!.lagBytes} bytes are behind`)
  run.child.stdout!.resume()
  await isReady(run)
  await eventually(async () => {
    const { sinks, lagSeconds } = await run.status()
    assert.deepEqual([sinks[0]!.queue.length, lagSeconds], [0, 0])
    assert.ok(sinks[0]!.operations >= 50_000, `${sinks[0]!.operations} changes`)
  }, patience)
  await page?.shows(/● streaming[\s\S]*● up to date/)
  assert.deepEqual(page?.complaints ?? [], [])
})

test('a search store that takes nothing for now', async () => {
  await using db = await database()
  await using space = searchSpace()
  await using front = await httpFront(space.url)
  const env = {
    ...stallSoon,
    PGSTREAM_SEARCH_STORE_URL: front.url,
    PGSTREAM_SEARCH_INDEX_PREFIX: space.prefix,
  }
  await using run = await RunningOps.start(['--pgurl', db.url], { env })
  await isReady(run)
  front.interfere((_about, response) => {
    response.writeHead(503, { 'content-type': 'application/json' }).end('{"error":"planted-answer"}')
    return true
  })
  await db.query(`insert into items values (1, 'planted-row')`)
  const { running } = await isToldEverywhere(run, db.url, /^The processor search delivers nothing: /m)
  assert.equal(running!.sinks[0]!.problem?.code, 'PGSTREAM_SEARCH_UNREACHABLE')
  front.interfere(null)
  await isReady(run)
})

test('a receiver of webhooks that refuses, and one that does not answer; beside another processor', async () => {
  await using db = await database()
  await using receiver = await Receiver.start(({ path }) => (path === '/silent' ? undefined : 404))
  await subscribe(db, `${receiver.url}/refuses`, { table: 'items' })
  const env = {
    PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: db.url,
    PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: 'localhost:0',
    PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS: '127.0.0.1',
    PGSTREAM_WEBHOOK_NOTIFIER_CLIENT_TIMEOUT: '30s',
    PGSTREAM_STDOUT_WRITER_ENABLED: 'true',
    ...stallSoon,
  }
  await using run = await RunningOps.start(['--pgurl', db.url], { env })
  await isReady(run)
  await db.query(`insert into items select n, 'planted-row' from generate_series(1, 30) n`)
  await eventually(async () => assert.equal((await deadLetters(db)).length, 30), patience)
  await eventually(async () => {
    const { value } = readPrometheus(await run.metrics())
    assert.equal(value('pgstream_processor_dead_letters_total', { processor: 'webhooks' }), 30)
    assert.equal(value('pgstream_processor_dead_letters_total', { processor: 'stdout' }), 0)
    const { running } = await statusOf(['--pgurl', db.url, '--ops-address', `:${run.port}`])
    assert.deepEqual(
      running!.sinks.map(({ name, deadLetters: letters }) => [name, letters]),
      [
        ['webhooks', 30],
        ['stdout', 0],
      ],
    )
  }, patience)
  assert.equal((await run.ready()).code, 200, 'what is kept among the dead letters does not stop the stream')

  await db.query('delete from pgstream.webhook_subscriptions')
  await subscribe(db, `${receiver.url}/silent`, { table: 'items' })
  await eventually(() => assert.ok(run.stderr.includes('subscriptions')), patience)
  await eventually(async () => {
    await db.query(`insert into items select coalesce(max(id), 0) + 1 from items`)
    assert.ok(receiver.arrived.some(({ path }) => path === '/silent'))
  }, patience)
  await isToldEverywhere(run, db.url, /^The processor webhooks delivers nothing/m)
})

test('a store of webhooks that is away when dead letters are to be kept: the reason is told, not only that nothing goes on', async () => {
  await using db = await database()
  await using store = await temporaryDatabase(postgresServers()[0]!.url)
  await using receiver = await Receiver.start(() => 404)
  const env = {
    PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: store.url,
    PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: 'localhost:0',
    PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS: '127.0.0.1',
    ...stallSoon,
  }
  await using run = await RunningOps.start(['--pgurl', db.url], { env })
  await isReady(run)
  await subscribe(store, `${receiver.url}/refuses`, { table: 'items' })
  await eventually(async () => {
    await db.query('insert into items select coalesce(max(id), 0) + 1 from items')
    assert.ok(receiver.arrived.length > 0)
  }, patience)
  await db.query(`alter database ${store.name} allow_connections false`)
  await db.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [store.name])
  await db.query('insert into items select coalesce(max(id), 0) + 1 from items')
  const reason = /^The processor webhooks delivers nothing: .*is not currently accepting connections/m
  const { running } = await isToldEverywhere(run, db.url, reason)
  assert.match(running!.sinks[0]!.problem!.remedy!, /PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL/)
  await db.query(`alter database ${store.name} allow_connections true`)
  await isReady(run)
})

test('changes that do not come through because the schema log is away are told, too', async () => {
  await using db = await database()
  await using run = await RunningOps.start(['--stdout', '--pgurl', db.url], { env: stallSoon })
  await isReady(run)
  // an entry must be marked before its rows go on: whoever holds the marks holds the stream
  await db.query('begin; lock table pgstream.schema_marks in exclusive mode')
  try {
    await using other = await openSession(db.url)
    await other.query('create table later (id int primary key); insert into later values (1)')
    const { running } = await isToldEverywhere(run, db.url, /^For \d.* no change has come through/m)
    assert.ok(running!.lagSeconds >= 2)
  } finally {
    await db.query('rollback')
  }
  await isReady(run)
  await eventually(() => assert.ok(run.stdout.includes('"later"')), patience)
})
