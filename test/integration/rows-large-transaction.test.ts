import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import type { WalEvent } from '../../src/wal/event.ts'
import { postgresSources } from '../support/postgres.ts'
import { openHeldStream } from '../support/held-stream.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import type { TestStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'

const rows = 100_000
/** What one read of the socket can bring beside what waits: 64 KiB of rows of 40 bytes. */
const mostWaiting = 256 + 65_536 / 40

for (const server of postgresSources()) {
  test(`${server.label}: a transaction of ${rows} rows flows past a slow sink, few rows at a time`, async () => {
    await using database = await preparedDatabase(server)
    await database.query('create table bulk (id int primary key, name text)')
    let taken = 0
    let waiting = 0
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 16,
      write: (event: WalEvent, _encoding, callback) => {
        if (event.kind === 'insert') assert.equal(event.values[0], ++taken)
        waiting = Math.max(waiting, stream.listener.readableLength)
        if (taken % 16 === 0) setImmediate(callback)
        else callback()
      },
    })
    await using stream: TestStream = openStream(database, {
      processor: (checkpointer) => checkpointed(slow, checkpointer),
    })
    await database.query(`insert into bulk select i, 'name' from generate_series(1, ${rows}) i`)
    const commit = await stream.until((events) => {
      const xid = events.find((event) => event.kind === 'insert')?.xid
      return taken === rows && (events.find((event) => event.kind === 'commit' && event.xid === xid) ?? null)
    })
    assert.ok(commit.kind === 'commit')
    assert.ok(waiting > 0 && waiting < mostWaiting, `${waiting} rows waited in the listener`)
    await stream.stop()
    assert.ok((await confirmedLsn(database)) > commit.commitLsn)
  })
  test(`${server.label}: of large rows some megabytes wait, not hundreds of rows`, async () => {
    const megabytes = 4
    await using database = await preparedDatabase(server)
    await database.query('create table large (id int primary key, body text)')
    await using stream = openHeldStream(database, { maxQueueBytes: 1_000 })
    await database.query(
      `insert into large select i, repeat('x', ${megabytes} * 1024 * 1024) from generate_series(1, 20) i`,
    )
    const seen = await eventually(
      () => stream.listener.readableLength * megabytes >= 16 && stream.listener.readableLength,
    )
    assert.ok(seen <= 5, `${seen} rows of ${megabytes} MB waited in the listener`)
    stream.sink.letGo()
    let most = 0
    await eventually(
      () => {
        most = Math.max(most, stream.listener.readableLength)
        assert.equal(stream.sink.lines.length, 20)
      },
      { every: 1 },
    )
    assert.ok(most <= 5, `${most} rows of ${megabytes} MB waited in the listener`)
  })
}
