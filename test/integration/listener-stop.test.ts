import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import { postgresListener } from '../../src/postgres/postgres-listener.ts'
import type { PostgresListener } from '../../src/postgres/postgres-listener.ts'
import type { Logger } from '../../src/telemetry/logger.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import type { InsertEvent, WalEvent } from '../../src/wal/event.ts'
import { openHeldStream } from '../support/held-stream.ts'
import { postgresServers } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { nothingConfirmed, openStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'

const isRow = (event: WalEvent): boolean => event.kind === 'insert' && event.relation.table === 't'

/** How many rows of the table come (again) when the slot is read from where it stands. */
async function rowsThatCome(database: TemporaryDatabase): Promise<number> {
  await using stream = openStream(database)
  await stream.changesOf('select 1')
  return stream.events.filter(isRow).length
}

/** Moments of the start of a stream, each until which a test can wait. */
const moments: Readonly<
  Record<string, (database: TemporaryDatabase, listener: PostgresListener) => Promise<unknown>>
> = {
  'at once': async () => undefined,
  'when the first connection stands': (database) => seen(database, 'client backend'),
  'when the walsender is there': (database) => seen(database, 'walsender'),
  'when something was read': (_database, listener) =>
    eventually(() => listener.readableDidRead, { every: 1 }),
}

/** Until a session of ours is in the server. */
async function seen(database: TemporaryDatabase, type: string): Promise<void> {
  const about = `A ${type} of ours`
  await eventually(
    async () => {
      const rows = await database.query(
        'select from pg_stat_activity where datname = current_database() and backend_type = $1 and pid <> pg_backend_pid()',
        [type],
      )
      return rows.length > 0
    },
    { every: 0, about },
  )
}

const withTable = (database: TemporaryDatabase): Promise<unknown> =>
  database.query('create table t (id int primary key, name text)')

describe('how a stream ends', { concurrency: 4 }, () => {
  for (const server of postgresServers()) {
    const on = `Postgres ${server.major}`

    test(`${on}: stop() confirms everything that was delivered: a restart brings nothing again`, async () => {
      await using database = await preparedDatabase(server, { before: withTable })
      {
        await using stream = openStream(database)
        for (let n = 1; n <= 20; n++) await database.query('insert into t values ($1)', [n])
        await stream.until((events) => events.filter(isRow).length === 20)
        await stream.stop()
        assert.equal(stream.events.filter(isRow).length, 20)
      }
      assert.equal(await rowsThatCome(database), 0)
    })

    test(`${on}: stop() waits for the sink to store what was read, and confirms that`, async () => {
      await using database = await preparedDatabase(server, { before: withTable })
      {
        await using stream = openHeldStream(database)
        await database.query(`insert into t values (1, 'held')`)
        await stream.until((events) => events.some(isRow) && events.at(-1)?.kind !== 'insert')
        stream.listener.stop()
        await once(stream.listener, 'end')
        let over = false
        void stream.ended.finally(() => (over = true))
        await eventually(() => assert.deepEqual(stream.sink.lines, ['held']))
        assert.equal(over, false)
        stream.sink.letGo()
        await stream.ended
      }
      assert.equal(await rowsThatCome(database), 0)
    })

    test(`${on}: stop() amid a large transaction reads it to its end, so that it does not come again`, async () => {
      const rows = 4_000
      await using database = await preparedDatabase(server, { before: withTable })
      {
        await using stream = openStream(database)
        await database.query(`insert into t select i, 'x' from generate_series(1, ${rows}) i`)
        await stream.until((events) => events.some(isRow))
        await stream.stop()
        assert.equal(stream.events.filter(isRow).length, rows)
        assert.equal(stream.events.at(-1)?.kind, 'commit')
      }
      assert.equal(await rowsThatCome(database), 0)
    })

    test(`${on}: stop() amid a transaction that the sink does not take ends after seconds; all of it comes again`, async () => {
      const rows = 20_000
      await using database = await preparedDatabase(server, { before: withTable })
      {
        await using stream = openHeldStream(database, { maxQueueBytes: 1_000 })
        await database.query(`insert into t select i, repeat('x', 1000) from generate_series(1, ${rows}) i`)
        await eventually(() => assert.equal(stream.sink.batches.length, 1))
        stream.listener.stop()
        setTimeout(() => stream.sink.letGo(), 6_000)
        await stream.ended
        const got = stream.events.filter(isRow).length
        assert.ok(got > 0 && got < rows, `${got} rows of ${rows}`)
        assert.equal(stream.sink.lines.length, got)
        const row = stream.events.find(isRow) as InsertEvent
        assert.ok((await confirmedLsn(database)) <= row.commitLsn)
      }
      assert.equal(await rowsThatCome(database), rows)
    })

    test(`${on}: destroy() amid a transaction confirms nothing of it: everything comes again`, async () => {
      const rows = 5_000
      await using database = await preparedDatabase(server, { before: withTable })
      {
        await using stream = openStream(database)
        await database.query(`insert into t select i, repeat('x', 1000) from generate_series(1, ${rows}) i`)
        await stream.until((events) => events.some(isRow))
        stream.listener.destroy()
        await assert.rejects(stream.ended, { code: 'ERR_STREAM_PREMATURE_CLOSE' })
      }
      assert.equal(await rowsThatCome(database), rows)
    })

    test(`${on}: an abort ends everything at once; what was not confirmed comes again`, async () => {
      await using database = await preparedDatabase(server, { before: withTable })
      const abort = new AbortController()
      {
        await using stream = openHeldStream(database, { signal: abort.signal })
        await database.query(`insert into t values (1, 'held')`)
        await eventually(() => assert.deepEqual(stream.sink.lines, ['held']))
        abort.abort()
        await assert.rejects(stream.ended, { name: 'AbortError' })
        assert.ok(stream.sink.destroyed && stream.listener.destroyed)
      }
      assert.equal(await rowsThatCome(database), 1)
    })

    test(`${on}: stop() at any moment of the start ends the stream`, async () => {
      await using database = await preparedDatabase(server, { before: withTable })
      for (const [when, moment] of Object.entries(moments)) {
        await using stream = openStream(database)
        await moment(database, stream.listener)
        const ended = stream.stop()
        await eventually(() => assert.ok(stream.listener.closed), { about: `The end after stop() ${when}` })
        await ended
        await stream.stop()
      }
      assert.equal(await rowsThatCome(database), 0)
    })

    test(`${on}: destroy() at any moment of the start ends the stream; the slot is free at once`, async () => {
      await using database = await preparedDatabase(server, { before: withTable })
      for (const moment of Object.values(moments)) {
        const listener = postgresListener({ url: database.url })
        listener.resume()
        await moment(database, listener)
        listener.destroy()
        await once(listener, 'close')
        const [row] = await database.query(
          'select from pg_replication_slots where active and database = $1',
          [database.name],
        )
        assert.equal(row, undefined)
      }
    })

    test(`${on}: a failing sink ends the stream with its error; what it did not store comes again`, async () => {
      await using database = await preparedDatabase(server, { before: withTable })
      {
        const failing = new Writable({
          objectMode: true,
          write: (event: WalEvent, _encoding, callback) =>
            callback(isRow(event) && (event as InsertEvent).values[0] === 3 ? new Error('full') : null),
        })
        await using stream = openStream(database, {
          processor: (checkpointer) => checkpointed(failing, checkpointer),
        })
        for (let n = 1; n <= 5; n++) await database.query('insert into t values ($1)', [n])
        await assert.rejects(stream.ended, { message: 'full' })
      }
      assert.equal(await rowsThatCome(database), 3)
    })

    test(`${on}: a stream that nobody confirms warns once, ends when stopped, and comes again`, async () => {
      await using database = await preparedDatabase(server, { before: withTable })
      const warnings: string[] = []
      const logger: Logger = { ...silentLogger, warn: (_fields, sentence) => void warnings.push(sentence) }
      {
        await using stream = openStream(database, { processor: nothingConfirmed, logger })
        await database.query('insert into t values (1)')
        await database.query('insert into t values (2)')
        await stream.until((events) => events.filter(isRow).length === 2 && events.at(-1)?.kind !== 'insert')
        await stream.stop()
      }
      assert.equal(warnings.filter((sentence) => sentence.includes('checkpointer')).length, 1)
      assert.equal(await rowsThatCome(database), 2)
    })
  }
})
