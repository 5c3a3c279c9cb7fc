import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openHeldStream } from '../support/held-stream.ts'
import { postgresServers } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'
import { currentLsn } from '../support/wal.ts'
import { walsender } from '../support/walsender.ts'

/** Until the server has taken note of so many statuses that it got after now. */
async function statusesArrived(database: TemporaryDatabase, count: number): Promise<void> {
  let { reply } = await walsender(database)
  for (let left = count; left > 0; left--) {
    reply = await eventually(async () => {
      const now = await walsender(database)
      return now.reply > reply && now.reply
    })
  }
}

describe('what is confirmed, and when', { concurrency: true }, () => {
  for (const server of postgresServers()) {
    const on = `Postgres ${server.major}`

    test(`${on}: an idle slot moves on with what other databases write`, async () => {
      await using database = await preparedDatabase(server)
      await using stream = openStream(database)
      await stream.changesOf('select 1')
      await using busy = await preparedDatabase(server)
      await busy.query('create table t as select generate_series(1, 1000) as id')
      const written = await currentLsn(busy)
      const before = stream.events.length
      await eventually(async () => assert.ok((await confirmedLsn(database)) >= written))
      assert.ok(stream.events.slice(before).every((event) => event.kind === 'keepalive'))
    })

    test(`${on}: nothing is confirmed before the sink has stored it, then the end of its commit is`, async () => {
      await using database = await preparedDatabase(server)
      await database.query('create table t (id int, name text)')
      await using stream = openHeldStream(database)
      const { sink } = stream
      await database.query(`insert into t values (1, 'held')`)
      await eventually(() => assert.deepEqual(sink.lines, ['held']))
      const commit = stream.events.findLast((event) => event.kind === 'commit')
      assert.ok(commit)

      await database.query(`select pg_logical_emit_message(true, 'noise', 'x') from generate_series(1, 100)`)
      await statusesArrived(database, 2)
      assert.ok((await confirmedLsn(database)) <= commit.commitLsn)

      sink.letGo()
      await stream.until((events) => events.findLast((event) => event.kind === 'commit') !== commit)
      await eventually(async () => assert.ok((await confirmedLsn(database)) > commit.commitLsn))
    })

    test(`${on}: each confirmation moves the slot to the end of its commit, not further`, async () => {
      await using database = await preparedDatabase(server)
      await database.query('create table t (id int, name text)')
      await using stream = openHeldStream(database, { batchSize: 1 })
      const { sink } = stream
      for (let n = 0; n < 3; n++) await database.query(`insert into t values ($1, $2)`, [n, `row ${n}`])
      const ends = await stream.until((events) => {
        const inserts = events.flatMap((event) => (event.kind === 'insert' ? [event.xid] : []))
        const found = events.flatMap((event) =>
          event.kind === 'commit' && inserts.includes(event.xid) ? [event.position] : [],
        )
        return found.length === 3 && found.map(({ offset }) => offset)
      })
      for (const [n, end] of ends.entries()) {
        await eventually(() => assert.equal(sink.batches.length, n + 1))
        assert.ok((await confirmedLsn(database)) < end)
        sink.batches[n]!.succeed()
        const confirmed = await eventually(async () => {
          const seen = await confirmedLsn(database)
          return seen >= end && seen
        })
        if (n < 2) assert.equal(confirmed, end)
      }
    })
  }
})
