import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { recordedListener } from '../../src/recorded-listener.ts'
import type { ChangeEvent, CommitEvent } from '../../src/wal/event.ts'
import { pgstream, RunningCommand } from '../support/command.ts'
import { inShort } from '../support/event-in-short.ts'
import { postgresServers, postgresSources, wal2jsonIsThere } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { repository } from '../support/readme.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { eventually } from '../support/wait.ts'

const server = postgresServers()[0]!

const makeTables = (database: TemporaryDatabase): Promise<unknown> =>
  database.query(
    `create domain short_text as varchar(20);
     create table items (id int primary key, note text);
     create table texts (name short_text primary key, body text)`,
  )

const openDatabase = (): Promise<TemporaryDatabase> => preparedDatabase(server, { before: makeTables })

const addItems = (database: TemporaryDatabase, from: number, to: number, note = 'x'): Promise<unknown> =>
  database.query('insert into items select n, $3 from generate_series($1::int, $2::int) as n', [
    from,
    to,
    note,
  ])

async function eventsOf(file: string): Promise<(ChangeEvent | CommitEvent)[]> {
  const events: (ChangeEvent | CommitEvent)[] = []
  for await (const event of recordedListener(file)) events.push(event as ChangeEvent | CommitEvent)
  return events
}

async function itemsOf(file: string): Promise<unknown[]> {
  return (await eventsOf(file)).flatMap((event) =>
    event.kind === 'insert' && event.relation.table === 'items' ? [event.values[0]] : [],
  )
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

for (const source of postgresSources()) {
  test(`${source.label}: a recording that was only peeked at replays to what run then prints, byte by byte`, async () => {
    await using folder = await temporaryFolder()
    await using database = await preparedDatabase(source, { before: makeTables })
    await database.query(
      `insert into texts select 'long', string_agg(md5(n::text), '') from generate_series(1, 200) n`,
    )
    const record = ['record', '--until-caught-up', '--pgurl', database.url]
    assert.equal((await pgstream([...record, folder.file('first.rec')])).code, 0)

    await addItems(database, 1, 500)
    await database.query(`update items set note = 'y' where id = 1; delete from items where id = 2`)
    await database.query(`update texts set name = 'still long'`)
    await database.query('alter table items add column price numeric(10,2); truncate items')
    await database.query(`select pg_logical_emit_message(false, 'p', 'alone')`)
    const before = await confirmedLsn(database)
    const file = folder.file('second.rec')
    const recorded = await pgstream([...record, file, '--peek'])
    assert.equal(recorded.code, 0, recorded.stderr)
    assert.match(
      recorded.stdout,
      /^Recorded 50\d rows in \d+ transactions, .*\. The slot stays where it was\.\n$/,
    )
    assert.equal(await confirmedLsn(database), before)

    // with the ids of tables that no entry of the recording tells of
    const replayed = await pgstream(['replay', file, '--stdout'])
    assert.equal(replayed.code, 0, replayed.stderr)
    assert.ok(replayed.stdout.split('\n').length > 500)
    assert.match(replayed.stdout, /"unchanged_toast":\["body"\]/)
    const rows = replayed.stdout.split('\n').filter((line) => /"table":"(items|texts)"/.test(line))
    assert.deepEqual(
      rows.filter((line) => !/"table_pgstream_id":"\w+"/.test(line)),
      [],
    )
    await using run = new RunningCommand(['run', '--stdout', '--pgurl', database.url])
    await eventually(() => run.stdout.length >= replayed.stdout.length, { about: 'the same from the slot' })
    run.child.kill('SIGTERM')
    assert.equal((await run.finished).stdout, replayed.stdout)
  })
}

test('what is recorded is confirmed: recordings one after the other have everything once', async () => {
  await using folder = await temporaryFolder()
  await using database = await openDatabase()
  const found: unknown[] = []
  for (const part of [0, 1, 2]) {
    await addItems(database, part * 100 + 1, part * 100 + 100)
    const file = folder.file(`${part}.rec`)
    const { code, stdout } = await pgstream([
      'record',
      file,
      '--until-caught-up',
      '--json',
      '--pgurl',
      database.url,
    ])
    assert.equal(code, 0)
    const report = JSON.parse(stdout) as Record<string, unknown>
    assert.deepEqual([report['ok'], report['file'], report['plugin']], [true, file, 'pgoutput'])
    assert.equal(report['bytes'], (await readFile(file)).length)
    assert.equal(await confirmedLsn(database), lsnOf(String(report['confirmed'])))
    found.push(...(await itemsOf(file)))
  }
  assert.deepEqual(found, numbers(1, 300))
})

const lsnOf = (text: string): bigint => {
  const [high, low] = text.split('/')
  return (BigInt(`0x${high!}`) << 32n) + BigInt(`0x${low!}`)
}

test('Ctrl-C ends a recording with a whole transaction', async () => {
  await using folder = await temporaryFolder()
  await using database = await openDatabase()
  const file = folder.file('a.rec')
  await using record = new RunningCommand(['record', file, '--pgurl', database.url])
  await record.says(/reading the replication slot/)
  await addItems(database, 1, 10)
  await eventually(async () => assert.equal((await itemsOf(file)).length, 10))
  record.child.kill('SIGINT')
  const { code, stdout } = await record.finished
  assert.equal(code, 0)
  assert.match(stdout, /The slot stands at \w+\/\w+\.\n$/)
  assert.equal((await eventsOf(file)).at(-1)?.kind, 'commit')
})

test('killed at any moment, a recording and the next one together miss nothing', async () => {
  await using folder = await temporaryFolder()
  await using database = await openDatabase()
  const file = folder.file('killed.rec')
  {
    await using record = new RunningCommand(['record', file, '--pgurl', database.url])
    await record.says(/reading the replication slot/)
    const hasRows = async (): Promise<boolean> => (await readFile(file, 'utf8')).length > 50_000
    let isKilled = false
    for (let n = 1; n <= 200; n++) {
      await addItems(database, n, n, 'x'.repeat(5_000))
      if (n >= 100 && !isKilled && (await hasRows())) isKilled = record.child.kill('SIGKILL')
    }
    if (!isKilled) await eventually(hasRows)
    record.child.kill('SIGKILL')
    await record.finished
  }
  const rest = folder.file('rest.rec')
  await eventually(async () => {
    const { code, stderr } = await pgstream(['record', rest, '--until-caught-up', '--pgurl', database.url])
    assert.equal(code, 0, stderr)
  })
  const whole = wholeLines(await readFile(file, 'utf8'))
  const first = await itemsOf(await folder.write('whole.rec', whole))
  assert.ok(first.length >= 1)
  assert.deepEqual([...new Set([...first, ...(await itemsOf(rest))])], numbers(1, 200))
})

const wholeLines = (text: string): string => text.slice(0, text.lastIndexOf('\n') + 1)

test('a file that is there is not overwritten without --force', async () => {
  await using folder = await temporaryFolder()
  await using database = await openDatabase()
  const file = await folder.write('a.rec', 'precious')
  const args = ['record', file, '--until-caught-up', '--pgurl', database.url]
  const refused = await pgstream(args)
  assert.equal(refused.code, 1)
  assert.match(
    refused.stderr,
    /error: .*a\.rec is there already\.\nremedy: .*--force\.\ncode: PGSTREAM_SINK_FAILED\n$/,
  )
  assert.equal(await readFile(file, 'utf8'), 'precious')
  assert.equal((await pgstream([...args, '--force'])).code, 0)
  assert.match(await readFile(file, 'utf8'), /^\{"pgstream_recording":1,/)
})

test('a disk that is full is one clear error; what was written is whole, what was not is not confirmed', async () => {
  await using folder = await temporaryFolder()
  await using database = await openDatabase()
  const [file, rest] = [folder.file('a.rec'), folder.file('rest.rec')]
  // several batches: the first ones find room
  for (let n = 1; n <= 100; n++) await addItems(database, n, n, 'x'.repeat(200_000))
  const bin = join(repository, 'bin/pgstream.js')
  const limited = spawn(
    'bash',
    ['-c', `ulimit -f 16000; exec "$0" "$@"`, process.execPath, bin, 'record', file, '--pgurl', database.url],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let stderr = ''
  limited.stderr.on('data', (text) => (stderr += String(text)))
  const [code] = (await once(limited, 'close')) as [number]
  assert.equal(code, 1)
  assert.match(stderr, /error: .*a\.rec cannot be written: EFBIG.*\n(?:.*\n)*code: PGSTREAM_SINK_FAILED\n$/)

  const events = await eventsOf(file)
  assert.ok(events.length > 0)
  assert.equal(events.at(-1)?.kind, 'commit')
  const again = await pgstream(['record', rest, '--until-caught-up', '--pgurl', database.url])
  assert.equal(again.code, 0, again.stderr)
  const first = await itemsOf(file)
  assert.ok(first.length < 100)
  assert.deepEqual([...new Set([...first, ...(await itemsOf(rest))])], numbers(1, 100))
})

test('without a slot, or while somebody else reads it, nothing is left behind', async () => {
  await using folder = await temporaryFolder()
  await using database = await openDatabase()
  const file = folder.file('a.rec')
  const missing = await pgstream([
    'record',
    file,
    '--slot-name',
    'no_such_slot',
    '--json',
    '--pgurl',
    database.url,
  ])
  assert.equal(missing.code, 1)
  assert.equal(
    (JSON.parse(missing.stdout) as { error: { code: string } }).error.code,
    'PGSTREAM_SLOT_MISSING',
  )
  await using run = new RunningCommand(['run', '--stdout', '--pgurl', database.url])
  await run.says(/reading the replication slot/)
  const busy = await pgstream(['record', file, '--pgurl', database.url])
  assert.match(busy.stderr, /code: PGSTREAM_SLOT_ACTIVE\n$/)
  await assert.rejects(readFile(file), { code: 'ENOENT' })
})

test('replay says which line is damaged, and gives what stands before it', async () => {
  await using folder = await temporaryFolder()
  await using database = await openDatabase()
  const file = folder.file('a.rec')
  await addItems(database, 1, 3)
  await pgstream(['record', file, '--until-caught-up', '--pgurl', database.url])
  const text = await readFile(file, 'utf8')
  const cut = await pgstream(['replay', await folder.write('cut.rec', text.slice(0, -5)), '--stdout'])
  assert.equal(cut.code, 1)
  assert.match(cut.stderr, /Line \d+ of .*cut\.rec, the last one, is cut off/)
})

const skip = server.major === 15 && wal2jsonIsThere() ? false : 'there is no Postgres 15 with wal2json'

test("lines of wal2json's own tools give the same changes as a recording", { skip }, async () => {
  await using folder = await temporaryFolder()
  await using database = await openDatabase()
  const slot = `${database.name}_raw`
  await database.query(`select pg_create_logical_replication_slot($1, 'wal2json')`, [slot])
  await addItems(database, 1, 3, 'Zoë "x"')
  await database.query('alter table items add column price numeric(10,2)')
  await database.query(`update items set price = 12.50, id = 9 where id = 1; delete from items where id = 2`)
  await database.query(`truncate items; select pg_logical_emit_message(true, 'p', 'within')`)
  const rows = await database.query<{ data: string }>(
    `select data from pg_logical_slot_peek_changes($1, null, null, 'format-version', '2', 'include-lsn', '1',
                                                   'include-timestamp', '1')`,
    [slot],
  )
  const raw = await folder.write('raw.jsonl', rows.map(({ data }) => `${data}\n`).join(''))
  const file = folder.file('a.rec')
  const { code, stderr } = await pgstream([
    'record',
    file,
    '--slot-name',
    slot,
    '--until-caught-up',
    '--pgurl',
    database.url,
  ])
  assert.equal(code, 0, stderr)
  const events = await eventsOf(raw)
  // the recording came later: autovacuum may have committed something of its own meanwhile
  const recorded = (await eventsOf(file)).slice(0, events.length)
  assert.deepEqual(events.map(inShort), recorded.map(inShort))
  assert.ok(events.length > 8)
  const names = (all: typeof events): unknown[] =>
    all.map((event) => [
      event.commitLsn,
      event.commitTime,
      event.position,
      'lsn' in event ? [event.lsn, event.ordinal] : [],
    ])
  assert.deepEqual(names(events), names(recorded))
})
