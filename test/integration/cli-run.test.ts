import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { pgstream, RunningCommand } from '../support/command.ts'
import { postgresServers } from '../support/postgres.ts'
import { preparedDatabase, slotNameOf } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

const server = postgresServers()[0]!

const withTable = {
  before: (database: { query(sql: string): Promise<unknown> }) =>
    database.query('create table items (id int primary key, name text)'),
}

const idsOf = (lines: readonly string[]): unknown[] =>
  lines
    .map((line) => JSON.parse(line) as { table: string; columns: { value: unknown }[] })
    .filter(({ table }) => table === 'items')
    .map(({ columns }) => columns[0]!.value)

test('run writes one JSON line per change to stdout and its log to stderr, stops at SIGTERM, goes on where it stopped', async () => {
  await using database = await preparedDatabase(server, withTable)
  const env = { PGSTREAM_POSTGRES_LISTENER_URL: database.url, PGSTREAM_STDOUT_WRITER_ENABLED: 'true' }
  {
    await using run = new RunningCommand(['run'], { env })
    await run.says(/reading the replication slot/)
    await database.query(`insert into items values (1, 'a'), (2, 'b')`)
    await eventually(() => idsOf(run.lines).length === 2, { about: 'two rows on stdout' })
    run.child.kill('SIGTERM')
    const { code, stderr } = await run.finished
    assert.equal(code, 0)
    const log = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    assert.equal(log[0]?.['slot'], slotNameOf(database))
    assert.deepEqual(log[0]['processors'], ['stdout'])
    assert.match(String(log.at(-1)?.['msg']), /^stopped: everything that was read is delivered/)
    assert.equal(log.at(-1)?.['rows'], 2)
    assert.doesNotMatch(stderr, /postgres:postgres@/)
  }
  await database.query(`insert into items values (3, 'c')`)
  await using again = new RunningCommand(['run', '--stdout', '--pgurl', database.url])
  await eventually(() => idsOf(again.lines).includes(3), { about: 'the third row' })
  again.child.kill('SIGINT')
  assert.equal((await again.finished).code, 0)
  assert.deepEqual(idsOf(again.lines), [3], 'what was confirmed does not come again')
})

test('--pgurl wins over PGSTREAM_POSTGRES_LISTENER_URL, and a log level of disabled is silent', async () => {
  await using database = await preparedDatabase(server, withTable)
  await using run = new RunningCommand(
    ['run', '--stdout', '--pgurl', database.url, '--log-level', 'disabled'],
    {
      env: { PGSTREAM_POSTGRES_LISTENER_URL: 'postgres://127.0.0.1:1/nowhere' },
    },
  )
  await database.query(`insert into items values (1, 'a')`)
  await eventually(() => idsOf(run.lines).length === 1, { about: 'a row on stdout' })
  run.child.kill('SIGINT')
  assert.deepEqual(await run.finished.then(({ code, stderr }) => [code, stderr]), [0, ''])
})

test('a second signal stops at once with exit code 130, and what was not delivered comes again', async () => {
  await using database = await preparedDatabase(server, withTable)
  await database.query(`insert into items select n, repeat('x', 1000) from generate_series(1, 5000) n`)
  {
    await using run = new RunningCommand(['run', '--stdout', '--pgurl', database.url], { keepUnread: true })
    await eventually(() => run.hasUnread(), { about: 'rows on stdout' })
    run.child.kill('SIGINT')
    await run.says(/stopping: what was read is delivered first/)
    await pause(500) // a signal within 300 ms is the same key press, handed on by npm
    run.child.kill('SIGINT')
    await run.says(/PGSTREAM_STOPPED_HARD/)
    run.child.stdout!.resume()
    assert.equal((await run.finished).code, 130)
  }
  await using again = new RunningCommand(['run', '--stdout', '--pgurl', database.url])
  await eventually(() => idsOf(again.lines).length === 5000, { about: 'all rows', timeoutMs: 30_000 })
})

test('a reader that goes away ends run politely', async () => {
  await using database = await preparedDatabase(server, withTable)
  await database.query(`insert into items select n, 'x' from generate_series(1, 5000) n`)
  await using run = new RunningCommand(['run', '--stdout', '--pgurl', database.url], { keepUnread: true })
  run.child.stdout!.destroy()
  const { code, stderr } = await run.finished
  assert.equal(code, 0)
  assert.match(stderr, /PGSTREAM_STDOUT_CLOSED/)
  assert.doesNotMatch(stderr, /"level":"(?:error|fatal)"/)
})

test('what ends run is one line of the log with code and remedy, and exit code 1', async () => {
  await using database = await preparedDatabase(server)
  const { code, stdout, stderr } = await pgstream([
    ...['run', '--stdout', '--pgurl', database.url],
    ...['--slot-name', 'no_such_slot', '--log-level', 'fatal'],
  ])
  assert.equal(code, 1)
  assert.equal(stdout, '')
  const { level, error } = JSON.parse(stderr) as { level: string; error: Record<string, string> }
  assert.equal(level, 'fatal')
  assert.equal(error['code'], 'PGSTREAM_SLOT_MISSING')
  assert.ok(error['remedy'])
})
