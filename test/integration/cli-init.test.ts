import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pgstream, RunningCommand } from '../support/command.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { eventually } from '../support/wait.ts'

const server = postgresServers()[0]!

async function tracesIn(database: TemporaryDatabase): Promise<string[]> {
  const rows = await database.query<{ trace: string }>(
    `select 'schema ' || nspname as trace from pg_namespace where nspname = 'pgstream'
     union all select 'slot ' || slot_name from pg_replication_slots where database = current_database()
     union all select 'publication ' || pubname from pg_publication
     union all select 'event trigger ' || evtname from pg_event_trigger`,
  )
  return rows.map(({ trace }) => trace)
}

test('init tells its steps and what to do next, init again finds all of it, tear-down leaves nothing', async () => {
  await using database = await temporaryDatabase(server.url)
  const args = ['--pgurl', database.url]

  const first = await pgstream(['init', ...args])
  assert.equal(first.stderr, '')
  assert.equal(first.code, 0)
  assert.match(first.stdout, /^Preparing postgres:\/\/.* \(--pgurl\)\n/)
  assert.match(first.stdout, /^✓ slot: pgstream_test_/m)
  assert.match(first.stdout, /^Ready: .*Next: pgstream run --stdout --pgurl URL\n$/m)
  assert.doesNotMatch(first.stdout, /postgres:postgres@/, 'no password')

  const second = await pgstream(['init', ...args])
  assert.equal(second.code, 0)
  assert.match(second.stdout, /^= slot: pgstream_test_/m)
  assert.doesNotMatch(second.stdout, /^✓/m)

  const end = await pgstream(['tear-down', ...args])
  assert.equal(end.code, 0)
  assert.match(end.stdout, /^✓ slot: .*\n/m)
  assert.deepEqual(await tracesIn(database), [])
  const again = await pgstream(['tear-down', ...args])
  assert.equal(again.code, 0)
  assert.doesNotMatch(again.stdout, /^✓/m)
})

test('with --json stdout is one object with the steps', async () => {
  await using database = await temporaryDatabase(server.url)
  const { code, stdout } = await pgstream([
    'init',
    '--json',
    '--pgurl',
    database.url,
    '--slot-name',
    'cli_json_slot',
  ])
  assert.equal(code, 0)
  const report = JSON.parse(stdout) as {
    ok: boolean
    database: string
    slot: string
    steps: { step: string }[]
  }
  assert.deepEqual([report.ok, report.database, report.slot], [true, database.name, 'cli_json_slot'])
  assert.ok(report.steps.some(({ step }) => step === 'slot'))
})

test('init --print-sql prints SQL and touches nothing', async () => {
  await using database = await temporaryDatabase(server.url)
  const { code, stdout, stderr } = await pgstream(['init', '--print-sql', '--pgurl', database.url])
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /create publication/)
  assert.ok(stdout.endsWith('\n') && !stdout.endsWith('\n\n'))
  assert.deepEqual(await tracesIn(database), [])
})

test('init finds the database in a file, beside settings of destinations that it does not look at', async (t) => {
  await using database = await temporaryDatabase(server.url)
  const folder = await mkdtemp(join(tmpdir(), 'pgstream-init-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'pg2kafka.env')
  const settings = [
    `PGSTREAM_POSTGRES_LISTENER_URL="${database.url}"`,
    'PGSTREAM_SEARCH_STORE_URL=http://localhost:9200',
  ]
  await writeFile(path, settings.join('\n'))
  const { code, stdout, stderr } = await pgstream(['init', '-c', path])
  assert.equal(code, 0, stderr)
  assert.equal(stderr, '')
  assert.match(stdout, /^Preparing .* \(PGSTREAM_POSTGRES_LISTENER_URL\)\n/)
  assert.ok(stdout.endsWith(`Next: pgstream run --stdout -c ${path}\n`))
})

test('Ctrl-C while init waits ends it with exit code 130, and a re-run goes on', async () => {
  await using database = await temporaryDatabase(server.url)
  await database.query('create table items (id int primary key)')
  await database.query('begin')
  await database.query('insert into items values (1)')
  {
    await using init = new RunningCommand(['init', '--pgurl', database.url])
    await eventually(() => /^… /m.test(init.stdout), {
      about: 'init says for whom it waits',
      timeoutMs: 20_000,
    })
    init.child.kill('SIGINT')
    const { code, stderr } = await init.finished
    assert.equal(code, 130)
    assert.match(stderr, /^error: pgstream init was stopped before it was done\.\ncause: /)
    assert.match(stderr, /^remedy: Run pgstream init again: it goes on where it was stopped\.$/m)
  }
  await database.query('commit')
  const again = await pgstream(['init', '--pgurl', database.url])
  assert.equal(again.code, 0, again.stderr)
  assert.match(again.stdout, /^= migrations/m)
})
