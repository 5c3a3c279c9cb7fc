import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postgresServers, startPostgres } from '../support/postgres.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { openHeldStream } from '../support/held-stream.ts'
import { openStream } from '../support/stream.ts'
import { openSession } from '../support/session.ts'
import { eventually } from '../support/wait.ts'

const major = Math.max(...postgresServers().map((server) => server.major))
test('a server that is shut down waits for what the sink holds, and hears of it; nothing comes again', async () => {
  await using server = await startPostgres({ major })
  await using database = await preparedDatabase(server)
  await database.query('create table t (id int, name text)')
  {
    await using stream = openHeldStream(database)
    await database.query(`insert into t values (1, 'held')`)
    await eventually(() => assert.deepEqual(stream.sink.lines, ['held']))
    let down = false
    const stopped = server.stop('fast').then(() => (down = true))
    await eventually(async () => {
      await assert.rejects(openSession(database.url))
    })
    assert.equal(down, false)
    stream.sink.letGo()
    await stopped
    await stream.stop()
  }
  await server.restart()
  await using again = await openSession(database.url)
  await using stream = openStream({ ...database, query: (sql, values) => again.query(sql, values) })
  const seen = await stream.changesOf(`insert into t values (2, 'after')`)
  assert.equal(seen.length, 1)
  assert.equal(stream.events.filter((event) => event.kind === 'insert').length, 1)
  await stream.stop()
})

test('a server that crashes gives again what was not confirmed to a stream that starts anew', async () => {
  await using server = await startPostgres({ major })
  await using database = await preparedDatabase(server)
  await database.query('create table t (id int, name text)')
  {
    await using stream = openHeldStream(database)
    await database.query(`insert into t values (1, 'held')`)
    await eventually(() => assert.deepEqual(stream.sink.lines, ['held']))
    await server.stop('immediate')
    stream.listener.destroy()
    await stream.ended.catch(() => undefined)
  }
  await server.restart()
  await using again = await openSession(database.url)
  await using stream = openStream({ ...database, query: (sql, values) => again.query(sql, values) })
  await stream.until((events) =>
    events.some((event) => event.kind === 'insert' && event.values[1] === 'held'),
  )
  await stream.stop()
  assert.ok((await confirmedLsn(database, again.client)) > 0n)
})
