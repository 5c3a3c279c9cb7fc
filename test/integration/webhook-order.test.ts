import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { seededRandom } from '../../src/testing/seeded-random.ts'
import { parseLsn } from '../../src/wal/lsn.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { postgresServers } from '../support/postgres.ts'
import { Receiver } from '../support/receiver.ts'
import type { Received } from '../support/receiver.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'
import { deadLetters, notifierOf, subscribe } from '../support/webhooks.ts'

const [server] = postgresServers()
/** A busy machine is no failure. */
const patience = { timeoutMs: 120_000 }
const patient = { firstMs: 5, mostMs: 20, retries: Infinity }

/** Where a notification stands in the stream: by commit LSN, then by ordinal. */
function placeOf({ id }: Received): [bigint, number] {
  const [lsn = '', ordinal] = id.split('-')
  return [parseLsn(lsn), Number(ordinal)]
}

const isBefore = (a: Received, b: Received): boolean => {
  const [[lsnA, ordinalA], [lsnB, ordinalB]] = [placeOf(a), placeOf(b)]
  return lsnA < lsnB || (lsnA === lsnB && ordinalA < ordinalB)
}

describe('order', { concurrency: 2 }, () => {
  test('of each row it is kept, under keys that change, too, whatever fails and however many are under way; DDL and TRUNCATE are barriers', async () => {
    await using database = await preparedDatabase(server!)
    const random = seededRandom(8)
    const underWay = { now: 0, most: 0 }
    await using receiver = await Receiver.start(async () => {
      underWay.most = Math.max(underWay.most, ++underWay.now)
      await pause(random() * 6)
      underWay.now--
      return random() < 0.2 ? 503 : 200
    })
    await subscribe(database, `${receiver.url}/all`)
    await using stream = openStream(database, { processor: notifierOf(database, { retry: patient }) })
    await stream.changesOf(async () => {
      await database.query('create table t (id int primary key, n int)')
      for (let round = 0; round < 2; round++) {
        await database.query('insert into t select i, 0 from generate_series(1, 20) i')
        for (let n = 1; n <= 4; n++) await database.query('update t set n = $1', [n])
        // the row of 1 goes on as 101, and a new row takes its key
        await database.query('update t set id = id + 100 where id <= 10')
        await database.query('insert into t select i, 5 from generate_series(1, 10) i')
        await database.query(
          round % 2 === 0 ? 'truncate t' : 'alter table t add column if not exists extra int',
        )
        await database.query('delete from t')
      }
    })
    await stream.stop()
    const taken = receiver.taken
    assert.ok(underWay.most > 3, `${underWay.most} at once`)
    assert.ok(receiver.arrived.length > taken.length * 1.1, 'some failed')
    assert.equal(new Set(taken.map(({ id }) => id)).size, taken.length)
    const isBarrier = ({ action, table }: Received): boolean => action === 'T' || table === 'schema_log'
    let lastOf = new Map<string, Received>()
    let newest: Received | null = null
    let lastBarrier: Received | null = null
    for (const each of taken) {
      if (lastBarrier) assert.ok(isBefore(lastBarrier, each), `${each.id} came behind a barrier`)
      if (isBarrier(each)) {
        if (newest) assert.ok(isBefore(newest, each), `the barrier ${each.id} came before something earlier`)
        lastBarrier = each
        lastOf = new Map()
      }
      if (!newest || isBefore(newest, each)) newest = each
      for (const key of each.keys) {
        const before = lastOf.get(`${each.table} ${key}`)
        if (before) assert.ok(isBefore(before, each), `row ${key}: ${before.id} before ${each.id}`)
        lastOf.set(`${each.table} ${key}`, each)
      }
    }
    assert.equal(taken.filter(({ action }) => action === 'T').length, 1)
  })

  test('an endpoint that is slow does not hold up one that is fast, as long as the queue has room', async () => {
    await using database = await preparedDatabase(server!)
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    await using receiver = await Receiver.start(async ({ path }) => {
      if (path === '/slow') await released
      return 200
    })
    await subscribe(database, `${receiver.url}/slow`, { table: 't' })
    await subscribe(database, `${receiver.url}/fast`, { table: 't' })
    const maxQueueBytes = 1024 * 1024
    await using stream = openStream(database, {
      processor: notifierOf(database, { clientTimeout: 170_000, maxQueueBytes }),
    })
    const insert = async (from: number, to: number): Promise<unknown> =>
      database.query(`insert into t select i, repeat('x', 10000) from generate_series($1::int, $2) i`, [
        from,
        to,
      ])
    const fast = (): number => receiver.takenBy('/fast').length
    await database.query('create table t (id int primary key, text text)')
    await insert(1, 50)
    await eventually(() => assert.equal(fast(), 50), patience)
    assert.equal(receiver.takenBy('/slow').length, 0)
    const [commit] = placeOf(receiver.takenBy('/fast')[0]!)
    // the bound: when the slow one has not taken so many bytes, the source waits
    await insert(51, 400)
    const { processor } = stream
    await eventually(() => processor.writableNeedDrain && fast() >= 80, patience)
    await pause(200)
    assert.ok(fast() < 110, `${fast()} of 400`)
    assert.ok(processor.writableLength < 1.1 * maxQueueBytes, `${processor.writableLength} bytes`)
    assert.ok((await confirmedLsn(database)) <= commit)
    release()
    await eventually(() => assert.equal(receiver.takenBy('/slow').length, 400), patience)
    await stream.stop()
    assert.ok((await confirmedLsn(database)) > commit)
    assert.equal(fast(), 400)
  })

  test('an endpoint that is dead ends in dead letters, the stream goes on, and nothing waits for each of them', async () => {
    await using database = await preparedDatabase(server!)
    let isDead = true
    await using receiver = await Receiver.start(({ path }) => (path === '/dead' && isDead ? 503 : 200))
    await subscribe(database, `${receiver.url}/dead`, { table: 't' })
    await subscribe(database, `${receiver.url}/fine`, { table: 't' })
    const { logger, lines } = heardLogger()
    await using stream = openStream(database, { processor: notifierOf(database, { logger }) })
    await stream.changesOf(
      `create table t (id int primary key); insert into t select generate_series(1, 400)`,
    )
    await eventually(async () => {
      const kept = (await deadLetters(database)).length
      assert.equal(kept + receiver.takenBy('/dead').length, 400)
    }, patience)
    assert.equal(receiver.takenBy('/fine').length, 400)
    const asked = receiver.arrived.filter(({ path }) => path === '/dead').length
    assert.ok(asked < 300, `${asked} attempts for 400 notifications`)
    assert.ok(
      lines.filter(({ level }) => level === 'error').length < 50,
      'one line for each would fill the disk',
    )
    isDead = false
    await eventually(async () => {
      await database.query('insert into t select coalesce(max(id), 0) + 1 from t')
      return receiver.takenBy('/dead').length > 0
    }, patience)
    await stream.stop()
    assert.ok(lines.some(({ message }) => /answers again/.test(message)))
  })

  test('a notification that one endpoint never takes is kept, and those before and behind it arrive', async () => {
    await using database = await preparedDatabase(server!)
    await using receiver = await Receiver.start(({ key }) => (key === 7 ? 500 : 200))
    await subscribe(database, receiver.url, { table: 't' })
    await using stream = openStream(database, { processor: notifierOf(database) })
    await stream.changesOf(async () => {
      await database.query('create table t (id int primary key)')
      for (let id = 1; id <= 25; id++) {
        await database.query('insert into t values ($1)', [id])
        await pause(10)
      }
    })
    await stream.stop()
    const ids = receiver.taken.map(({ key }) => Number(key)).sort((a, b) => a - b)
    assert.deepEqual(
      ids,
      Array.from({ length: 25 }, (_, i) => i + 1).filter((id) => id !== 7),
    )
    assert.deepEqual(
      (await deadLetters(database)).map(({ reason, attempts }) => [reason, attempts]),
      [['HTTP 500', 4]],
    )
  })
})
