import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import type { PgstreamError } from '../../src/errors.ts'
import { postgresListener } from '../../src/postgres/postgres-listener.ts'
import type { WalEvent } from '../../src/wal/event.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { openHeldStream } from '../support/held-stream.ts'
import { postgresServers, postgresSources, startPostgres } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { redirect } from '../support/redirect.ts'
import { openSession } from '../support/session.ts'
import { confirmedLsn, openSource, preparedDatabase, slotNameOf } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'

const major = Math.max(...postgresServers().map((server) => server.major))

/** The ids of table `t` in the order in which they came. */
const ids = (events: readonly WalEvent[]): unknown[] =>
  events.flatMap((event) =>
    event.kind === 'insert' && event.relation.table === 't' ? [Number(event.values[0])] : [],
  )

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1)

/** Ends the walsender of the database's slot, as an administrator would. */
const cut = (database: TemporaryDatabase): Promise<unknown> =>
  database.query('select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1', [
    slotNameOf(database),
  ])

const slotIsFree = (database: TemporaryDatabase): Promise<unknown> =>
  eventually(
    async () => {
      const rows = await database.query(
        'select from pg_replication_slots where slot_name = $1 and not active',
        [slotNameOf(database)],
      )
      return rows.length === 1
    },
    { about: 'The end of its walsender' },
  )

/** Between two attempts of the stream that reads it. */
const dropSlot = (database: TemporaryDatabase): Promise<unknown> =>
  eventually(
    async () => {
      await cut(database)
      await database.query('select pg_drop_replication_slot($1)', [slotNameOf(database)])
      return true
    },
    { every: 1, about: 'The end of the slot' },
  )

const fails = (code: string, message: RegExp) => (error: PgstreamError) => {
  assert.equal(error.code, code, error.message)
  assert.match(error.message, message)
  assert.ok(error.remedy.length > 0)
  return true
}

describe('a stream whose connection is lost', { concurrency: 4 }, () => {
  for (const source of postgresSources()) {
    test(`${source.label}: goes on where it was, again and again, and hands nothing on twice`, async () => {
      await using stream = await openSource(source)
      await stream.query('create table t (id int primary key)')
      for (let n = 0; n < 5; n++) {
        await stream.changesOf(`insert into t values (${2 * n + 1})`)
        await cut(stream.database)
        await stream.query(`insert into t values (${2 * n + 2})`)
      }
      await stream.changesOf('select 1')
      assert.deepEqual(ids(stream.stream.events), upTo(10))
      await stream.stream.stop()
    })

    test(`${source.label}: goes on in the middle of a transaction, at the change that comes next`, async () => {
      await using database = await preparedDatabase(source, {
        before: (fresh) => fresh.query('create table t (id int primary key, name text)'),
      })
      const { logger, lines } = heardLogger()
      await using stream = openHeldStream(database, { maxQueueBytes: 100_000, logger })
      await database.query(`insert into t select i, repeat('x', 1000) from generate_series(1, 20000) i`)
      await eventually(() => stream.listener.readableLength > 0 && stream.sink.batches.length === 1)
      const before = ids(stream.events).length
      assert.ok(before > 0 && before < 20_000)

      await cut(database)
      stream.sink.letGo()
      // not counted: that would be looked at thousands of times, and take longer than the stream
      const isLast = (event: WalEvent): boolean => event.kind === 'insert' && event.values[0] === 20_000
      await stream.until((events) => events.findLast(isLast) ?? null, 'The rest of the transaction', 90_000)
      await stream.changesOf('insert into t values (20001)')
      assert.deepEqual(ids(stream.events), upTo(20_001))
      assert.equal(lines.filter(({ level }) => level === 'warn').length, 1)
      await stream.stop()
      const last = stream.events.findLast((event) => event.kind === 'insert')
      assert.ok((await confirmedLsn(database)) > last!.commitLsn)
    })
  }

  test('ends in order when it is stopped before it came back', async () => {
    await using server = await startPostgres({ major })
    await using database = await preparedDatabase(server)
    const { logger, lines } = heardLogger()
    await using stream = openStream(database, { logger })
    await stream.changesOf('create table t (id int)')
    await server.stop('immediate')
    await eventually(() => lines.some(({ level }) => level === 'warn'))
    const [warned] = lines.filter(({ level }) => level === 'warn')
    assert.match(String(warned!.fields['code']), /^PGSTREAM_SOURCE_UNREACHABLE$/)
    assert.ok(String(warned!.fields['remedy']).length > 0)
    await stream.stop()
  })

  test('goes on after somebody cancelled it, and after its database was closed for a moment', async () => {
    const [server] = postgresServers()
    await using database = await preparedDatabase(server!, {
      before: (fresh) => fresh.query('create table t (id int primary key)'),
    })
    await using admin = await openSession(server!.url)
    const { logger, lines } = heardLogger()
    await using stream = openStream(database, { logger })
    const hears = (what: RegExp): Promise<unknown> =>
      eventually(() => lines.some(({ level, message }) => level === 'warn' && what.test(message)))
    await stream.changesOf('insert into t values (1)')
    const cancel =
      'select pg_cancel_backend(active_pid) from pg_replication_slots where slot_name = $1 and active'
    await database.query(cancel, [slotNameOf(database)])
    await hears(/57014/)
    await stream.changesOf('insert into t values (2)')

    await admin.query(`alter database ${database.name} allow_connections false`)
    await cut(database)
    await hears(/55000/)
    await admin.query(`alter database ${database.name} allow_connections true`)
    await stream.changesOf('insert into t values (3)')
    assert.deepEqual(ids(stream.events), upTo(3))
    await stream.stop()
  })

  test('comes back also when it was still waiting for the slot while its server was down', async () => {
    await using server = await startPostgres({ major })
    await using database = await preparedDatabase(server)
    await using reader = openStream(database)
    await reader.changesOf('select 1')
    const { logger, lines } = heardLogger()
    await using waiting = openStream(database, { logger })
    const hears = (code: string): Promise<unknown> =>
      eventually(() => lines.some(({ fields }) => fields['code'] === code), { about: code })
    await hears('PGSTREAM_SLOT_ACTIVE')
    await server.stop()
    await hears('PGSTREAM_SOURCE_UNREACHABLE')
    await reader.stop()
    await server.restart()
    await using user = await openSession(database.url)
    await user.query('create table t as select 1 as id')
    await waiting.until((events) => ids(events).length === 1)
    await waiting.stop()
  })

  test('comes back after the server was restarted, fast and immediate', async () => {
    await using server = await startPostgres({ major })
    await using database = await preparedDatabase(server, {
      before: (fresh) => fresh.query('create table t (id int primary key)'),
    })
    await using stream = openStream(database)
    await stream.changesOf('select 1')
    let id = 0
    for (const mode of ['fast', 'immediate', 'fast'] as const) {
      {
        await using user = await openSession(database.url)
        await user.query(`insert into t values (${++id})`)
        await server.restart(mode)
      }
      await using user = await openSession(database.url)
      await user.query(`insert into t values (${++id})`)
    }
    await stream.until((events) => ids(events).length >= id)
    assert.deepEqual(ids(stream.events), upTo(id))
    await stream.stop()
  })
})

describe('a slot that is not what it was', { concurrency: 4 }, () => {
  for (const server of postgresServers()) {
    const on = `Postgres ${server.major}`

    test(`${on}: one that was dropped ends the stream`, async () => {
      await using source = await openSource(server)
      await source.changesOf('select 1')
      const ended = assert.rejects(source.stream.ended, fails('PGSTREAM_SLOT_MISSING', /no replication slot/))
      await dropSlot(source.database)
      await ended
    })

    for (const { what, act } of [
      {
        what: 'that was dropped and made again',
        act: (slot: string) => [
          `select pg_drop_replication_slot('${slot}')`,
          `select pg_create_logical_replication_slot('${slot}', 'pgoutput')`,
        ],
      },
      {
        what: 'that somebody moved',
        act: (slot: string) => [`select pg_replication_slot_advance('${slot}', pg_current_wal_lsn())`],
      },
    ]) {
      test(`${on}: one ${what} ends the stream, which would miss what lies between`, async () => {
        await using port = await redirect()
        await using database = await preparedDatabase(server, {
          before: (fresh) => fresh.query('create table t (id int)'),
        })
        port.to(server.url)
        await using stream = openStream({ ...database, url: port.of(database.url) })
        await stream.changesOf('insert into t values (1)')
        const ended = assert.rejects(stream.ended, fails('PGSTREAM_SLOT_ADVANCED', /moved from/))
        port.to(null)
        await slotIsFree(database)
        await database.query('insert into t values (2)')
        for (const command of act(slotNameOf(database))) await database.query(command)
        port.to(server.url)
        await ended
      })
    }

    test(`${on}: of several who read it one does, the others wait with a warning and take over`, async () => {
      await using database = await preparedDatabase(server, {
        before: (fresh) => fresh.query('create table t (id int primary key)'),
      })
      const rivals = Array.from({ length: 3 }, () => {
        const { logger, lines } = heardLogger()
        return { stream: openStream(database, { logger }), lines }
      })
      const taken: unknown[] = []
      for (let left = rivals.length; left > 0; left--) {
        await database.query(`insert into t values (${left})`)
        const reader = await eventually(
          () => rivals.find(({ stream }) => ids(stream.events).includes(left)) ?? null,
        )
        for (const { lines } of rivals.filter((rival) => rival !== reader)) {
          await eventually(() =>
            lines.some(
              ({ fields, message }) =>
                fields['code'] === 'PGSTREAM_SLOT_ACTIVE' &&
                message.includes('being read by another session'),
            ),
          )
        }
        await reader.stream.stop()
        taken.push(...ids(reader.stream.events))
        rivals.splice(rivals.indexOf(reader), 1)
      }
      assert.deepEqual(taken, [3, 2, 1])
    })

    test(`${on}: stop() and destroy() end a stream that waits for the slot`, async () => {
      await using source = await openSource(server)
      await source.changesOf('select 1')
      const { logger, lines } = heardLogger()
      for (const end of ['stop', 'destroy'] as const) {
        const listener = postgresListener({ url: source.database.url, logger })
        listener.resume()
        const closed = once(listener, 'close')
        await eventually(() => lines.some(({ fields }) => fields['code'] === 'PGSTREAM_SLOT_ACTIVE'))
        listener[end]()
        await closed
      }
      await source.changesOf('select 1')
    })
  }
})
