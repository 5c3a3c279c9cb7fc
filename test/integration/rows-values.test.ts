import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { init } from '../../src/postgres/init.ts'
import type { OutputPlugin } from '../../src/wal/plugin-message.ts'
import { encodeWireJson } from '../../src/wal/wire-json.ts'
import { pgstream } from '../support/command.ts'
import { createEveryType, everyType, insertEveryType } from '../support/every-type.ts'
import { postgresSources, temporaryDatabase } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { assertRow, printedRows, streamSettings } from '../support/rows.ts'
import type { Texts } from '../support/rows.ts'
import { openSession } from '../support/session.ts'
import { openSource, preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import type { TestStream } from '../support/stream.ts'

/** Fills the table of every type and asserts that what arrives is what Postgres prints. */
async function assertEveryValueArrives(
  database: TemporaryDatabase,
  stream: TestStream,
  plugin: OutputPlugin,
): Promise<void> {
  await using session = await openSession(database.url)
  await session.query(streamSettings)
  await session.query(createEveryType())
  const seen = await stream.changesOf(async () => {
    await session.query(insertEveryType())
    await session.query('update every_type set key = -key - 1')
    await session.query('delete from every_type where key = -1')
  })
  const inserted = seen.filter((event) => event.kind === 'insert' && event.relation.table === 'every_type')
  const updated = seen.filter((event) => event.kind === 'update')
  const printed = await printedRows(session, 'every_type', 'key desc')
  assert.equal(inserted.length, printed.length + 1)
  assert.equal(updated.length, printed.length + 1)
  for (const [i, whole] of printed.entries()) {
    const row = plugin === 'wal2json' ? withoutInfinities(whole) : whole
    const insert = inserted[i + 1]!
    const update = updated[i + 1]!
    assert.ok(insert.kind === 'insert' && update.kind === 'update')
    assertRow(update.relation, update.values, row)
    assertRow(insert.relation, insert.values, { ...row, key: String(i + 1) })
    assert.equal(update.old?.[0], i + 1)
    JSON.parse(encodeWireJson(insert))
  }
}

/** wal2json tells NaN and the infinities of numbers as null. */
function withoutInfinities(row: Texts): Texts {
  const told = Object.keys(everyType).map((type, i) => {
    const isNumber = /^(real|double precision|numeric(\(.*)?)$/.test(type)
    const text = row[`c${i}`]!
    return [`c${i}`, isNumber && /^NaN$|Infinity$/.test(String(text)) ? null : text] as const
  })
  return { ...row, ...Object.fromEntries(told) }
}

for (const server of postgresSources()) {
  test(`${server.label}: every value of every type arrives as Postgres prints it`, async () => {
    await using source = await openSource(server)
    await assertEveryValueArrives(source.database, source.stream, server.plugin)
    const rows = source.stream.events.filter((event) => event.kind === 'insert')
    const [event] = rows
    assert.ok(event?.kind === 'insert')
    assert.deepEqual(
      event.relation.columns.slice(1).map(({ type }) => type),
      Object.keys(everyType),
    )
  })

  test(`${server.label}: settings of the database, the role and the URL do not change what arrives`, async () => {
    await using database = await preparedDatabase(server)
    const name = pg.escapeIdentifier(database.name)
    for (const setting of [
      `DateStyle = 'German, DMY'`,
      `TimeZone = 'Asia/Kathmandu'`,
      `IntervalStyle = 'sql_standard'`,
      `bytea_output = 'escape'`,
      `extra_float_digits = -15`,
      `client_encoding = 'LATIN1'`,
    ]) {
      await database.query(`alter database ${name} set ${setting}`)
      await database.query(`alter role current_user in database ${name} set ${setting}`)
    }
    const options = encodeURIComponent('-c DateStyle=SQL,DMY -c TimeZone=America/Lima -c bytea_output=escape')
    await using stream = openStream({ ...database, url: `${database.url}?options=${options}` })
    await assertEveryValueArrives(database, stream, server.plugin)
  })

  if (server.plugin === 'wal2json') {
    test(`${server.label}: a database in another encoding is refused with the remedy`, async () => {
      await using database = await temporaryDatabase(server.url, { encoding: 'LATIN1' })
      await assert.rejects(init({ url: database.url, plugin: server.plugin }), {
        code: 'PGSTREAM_SOURCE_UNSUPPORTED',
        message: /LATIN1/,
        remedy: /pgoutput/,
      })
      await init({ url: database.url })
    })

    test(`${server.label}: a database in SQL_ASCII is refused, whose texts would come with replaced letters`, async () => {
      await using database = await temporaryDatabase(server.url, { encoding: 'SQL_ASCII' })
      await assert.rejects(init({ url: database.url, plugin: server.plugin }), {
        code: 'PGSTREAM_SOURCE_UNSUPPORTED',
        remedy: /pgoutput/,
      })
    })
    continue
  }

  test(`${server.label}: a database in SQL_ASCII is read as UTF-8, and ends the stream in words where it is not`, async () => {
    await using database = await preparedDatabase(server, { encoding: 'SQL_ASCII' })
    const checked = await pgstream(['check', '--pgurl', database.url])
    assert.match(checked.stdout, /SQL_ASCII, so its texts may be in any encoding/)
    await using stream = openStream(database)
    await database.query('create table t (id int primary key, v text)')
    const [event] = await stream.changesOf(() => database.query(`insert into t values (1, 'naïve')`))
    assert.ok(event?.kind === 'insert')
    assert.equal(event.values[1], 'naïve')
    const ended = assert.rejects(stream.ended, { code: 'PGSTREAM_SOURCE_UNSUPPORTED', remedy: /UTF8/ })
    await database.query(`insert into t values (2, E'\\374')`)
    await ended
  })

  test(`${server.label}: a database in another encoding arrives in UTF-8, names too`, async () => {
    await using database = await preparedDatabase(server, { encoding: 'LATIN1' })
    await using stream = openStream(database)
    await using session = await openSession(database.url)
    await session.query('create table "Zürich" (id int primary key, "größe" text)')
    const [event] = await stream.changesOf(() => session.query(`insert into "Zürich" values (1, 'naïve ÿ')`))
    assert.ok(event?.kind === 'insert')
    assert.equal(event.relation.table, 'Zürich')
    assert.equal(event.relation.columns[1]?.name, 'größe')
    assert.equal(event.values[1], 'naïve ÿ')
  })
}
