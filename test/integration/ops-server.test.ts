import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { HistorySample } from '../../src/telemetry/history.ts'
import { pgstream } from '../support/command.ts'
import { postgresServers } from '../support/postgres.ts'
import { readPrometheus } from '../support/prometheus.ts'
import { redirect } from '../support/redirect.ts'
import { RunningOps } from '../support/running-ops.ts'
import { preparedDatabase, slotNameOf } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

const server = postgresServers()[0]!
const withTable = {
  before: (database: { query(sql: string): Promise<unknown> }) =>
    database.query('create table items (id int primary key, name text)'),
}

test('a stream that flows is ready, and status, history and metrics say what it carried', async () => {
  await using database = await preparedDatabase(server, withTable)
  await using run = await RunningOps.start(['--stdout', '--pgurl', database.url])
  await database.query(`insert into items select n, 'planted-value' from generate_series(1, 500) n`)
  await database.query('alter table items add column more text')
  await eventually(async () => assert.equal((await run.status()).rows, 500))
  await eventually(async () =>
    assert.deepEqual(await run.ready(), { code: 200, body: { ready: true, reasons: [] } }),
  )
  assert.deepEqual((await run.get('/health')).body, { ok: true })

  const status = await eventually(async () => {
    const now = await run.status()
    return now.sinks[0]!.operations >= 501 && now.slot?.retained ? now : null
  })
  assert.equal(status.source.state, 'reading')
  assert.equal(status.slot!.retained!.slot, slotNameOf(database))
  assert.deepEqual(status.lastSchemaChanges[0]!.tables, ['items'])
  const [sink] = status.sinks
  assert.equal(sink!.name, 'stdout')
  assert.ok(sink!.commitToDurableMs!.count >= 1)
  await eventually(async () => {
    const { samples } = (await run.get<{ samples: HistorySample[] }>('/history')).body
    const seconds = samples.map(({ at }) => at)
    assert.deepEqual(
      seconds,
      [...seconds].sort((a, b) => a - b),
    )
    return samples.some(({ rowsPerSecond }) => rowsPerSecond > 0)
  })

  const text = await run.metrics()
  const { value, family } = readPrometheus(text)
  assert.equal(value('pgstream_events_total', { kind: 'row' }), 500)
  assert.equal(value('pgstream_processor_operations_total', { processor: 'stdout' }), sink!.operations)
  assert.equal(value('pgstream_ready'), 1)
  assert.equal(value('target_info', { service_name: 'pgstream' }), 1)
  assert.equal(value('pgstream_source_connected'), 1)
  assert.ok(value('pgstream_replication_lag') >= 0)
  assert.ok(value('pgstream_replication_retained_wal') >= 0)
  assert.equal(family('pgstream_stdout_writer_processing_lag').type, 'HISTOGRAM')
  assert.doesNotMatch(text + JSON.stringify(status), /planted-value|postgres:postgres/)
})

test('only readers of this machine are served, whatever name leads to it, and only what there is', async () => {
  await using database = await preparedDatabase(server)
  await using run = await RunningOps.start(['--stdout', '--pgurl', database.url])
  const ask = async (
    path: string,
    options: { method?: string; host?: string } = {},
  ): Promise<IncomingMessage> => {
    const { method = 'GET', host = `localhost:${run.port}` } = options
    const [response] = (await once(
      request(run.url + path, { method, headers: { host } }).end(),
      'response',
    )) as [IncomingMessage]
    response.resume()
    return response
  }
  assert.equal((await ask('/status')).statusCode, 200)
  assert.equal((await ask('/status', { host: 'evil.example:80' })).statusCode, 403)
  assert.equal((await ask('/status', { method: 'POST' })).statusCode, 405)
  assert.equal((await ask('/nothing')).statusCode, 404)
  const page = await ask('/')
  assert.equal(page.statusCode, 200)
  assert.match(String(page.headers['content-type']), /text\/html/)
  assert.match(String(page.headers['content-security-policy']), /default-src 'none'/)
})

test('a reader that does not take what is written makes it not ready, with the reason, until it does', async () => {
  await using database = await preparedDatabase(server, withTable)
  await using run = await RunningOps.start(['--stdout', '--pgurl', database.url], {
    env: { PGSTREAM_OPS_STALL_AFTER: '1s' },
    keepUnread: true,
  })
  await eventually(async () => assert.equal((await run.ready()).code, 200))
  await database.query(`insert into items select n, repeat('x', 1000) from generate_series(1, 3000) n`)
  const stalled = await eventually(async () => {
    // before that, on a busy machine, the rows may not have come through
    const { code, body } = await run.ready()
    return code === 503 && body.reasons.join() === 'The processor stdout delivers nothing.' ? body : null
  })
  assert.equal(stalled.ready, false)
  const { sinks, lagSeconds } = await run.status()
  assert.ok(sinks[0]!.queue.length > 0 && sinks[0]!.stalled)
  assert.ok(lagSeconds >= 1, `the lag is ${lagSeconds} s`)
  const { value } = readPrometheus(await run.metrics())
  assert.equal(value('pgstream_ready'), 0)

  run.child.stdout!.resume()
  await eventually(async () => assert.equal((await run.ready()).code, 200))
  const after = await eventually(async () => {
    const status = await run.status()
    return status.sinks[0]!.queue.length === 0 ? status : null
  })
  assert.equal(after.lagSeconds, 0)
  assert.ok(after.sinks[0]!.commitToDurableMs!.max >= 1_000, 'those rows were a second late, or more')
})

test('a source that is away makes it not ready, and one that comes back makes it ready again', async () => {
  await using database = await preparedDatabase(server, withTable)
  await using way = await redirect()
  way.to(database.url)
  await using run = await RunningOps.start(['--stdout', '--pgurl', way.of(database.url)])
  await database.query(`insert into items values (1, 'all connections are made')`)
  await eventually(() => run.lines.some((line) => line.includes('"items"')))
  assert.equal((await run.ready()).code, 200)
  way.to(null)
  const { reasons } = await eventually(async () => {
    assert.equal(run.child.exitCode, null, run.stderr)
    const answer = await run.ready()
    return answer.code === 503 ? answer.body : null
  })
  assert.match(reasons[0]!, /^The source is away: /)
  const { source, slot } = await run.status()
  assert.equal(source.state, 'lost')
  assert.equal(source.problem?.code, 'PGSTREAM_SOURCE_UNREACHABLE')
  assert.equal(source.losses, 1)
  assert.ok(slot!.retained === null || slot!.seenAt > 0)
  way.to(database.url)
  await eventually(async () => assert.equal((await run.ready()).code, 200))
})

test('an address that is taken ends run with a sentence, and one that is none is refused before', async () => {
  await using database = await preparedDatabase(server)
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  try {
    const { port } = taken.address() as AddressInfo
    const { code, stderr } = await pgstream([
      'run',
      '--stdout',
      '--pgurl',
      database.url,
      '--ops-address',
      `127.0.0.1:${port}`,
    ])
    assert.equal(code, 1)
    assert.match(
      stderr,
      new RegExp(`"code":"PGSTREAM_ADDRESS_IN_USE","message":"The address 127.0.0.1:${port} is taken`),
    )
  } finally {
    taken.close()
  }
  const wrong = await pgstream(['run', '--stdout', '--ops-address', 'nowhere'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /--ops-address: "nowhere" is not an address such as 127\.0\.0\.1:9910/)
})

test('a slot that keeps too much WAL is warned of, and status tells how much', async () => {
  await using database = await preparedDatabase(server, withTable)
  const env = { PGSTREAM_POSTGRES_LISTENER_MAX_RETAINED_WAL: '1KiB' }
  await database.query(`insert into items select n, repeat('x', 1000) from generate_series(1, 2000) n`)
  await using run = await RunningOps.start(['--stdout', '--pgurl', database.url], { env, keepUnread: true })
  await run.says(
    /"level":"error".*keeps .* of WAL, \d+ % of 1\.0 kB \(PGSTREAM_POSTGRES_LISTENER_MAX_RETAINED_WAL\)/,
  )
  const told = await pgstream(
    ['status', '--pgurl', database.url, '--ops-address', `:${run.port}`, '--json'],
    { env },
  )
  const { slot, running, notReached } = JSON.parse(told.stdout) as {
    slot: { level: string; activePid: number }
    running: { pid: number }
    notReached: unknown
  }
  assert.equal(slot.level, 'critical')
  assert.ok(slot.activePid > 0)
  assert.equal(running.pid, run.child.pid)
  assert.equal(notReached, null)
})

test('status tells from the outside who reads, what is missing and who does not answer', async () => {
  await using database = await preparedDatabase(server)
  const idle = await pgstream(['status', '--pgurl', database.url])
  assert.equal(idle.code, 0, idle.stdout)
  assert.match(idle.stdout, new RegExp(`slot ${slotNameOf(database)} \\(pgoutput\\): read by nobody\n`))
  assert.match(idle.stdout, /keeps .* of WAL, .* % of 10\.7 GB/)
  const silent = await pgstream(['status', '--pgurl', database.url, '--ops-address', '127.0.0.1:1'])
  assert.equal(silent.code, 1)
  assert.match(silent.stdout, /pgstream at http:\/\/127\.0\.0\.1:1\/status does not answer: /)
  const missing = await pgstream(['status', '--pgurl', database.url, '--slot-name', 'no_such', '--json'])
  assert.equal(missing.code, 1)
  const { ok, problem } = JSON.parse(missing.stdout) as { ok: boolean; problem: { code: string } }
  assert.deepEqual([ok, problem.code], [false, 'PGSTREAM_SLOT_MISSING'])
  const strange = `strange_${database.name}`
  await database.query(`select pg_create_logical_replication_slot('${strange}', 'test_decoding')`)
  const unusable = await pgstream(['status', '--pgurl', database.url, '--slot-name', strange])
  assert.equal(unusable.code, 1)
  assert.match(unusable.stdout, /error: The replication slot strange_\w+ has the plugin test_decoding\.\n/)
})
