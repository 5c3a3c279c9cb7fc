import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { SlotPosition } from '../../src/postgres/slot-position.ts'
import type { WalEvent } from '../../src/wal/event.ts'
import { openHeldStream } from '../support/held-stream.ts'
import type { FloodReport } from '../support/position-flood.ts'
import { postgresServers } from '../support/postgres.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

const flood = fileURLToPath(new URL('../support/position-flood.ts', import.meta.url))
const million = 1_000_000
const mebibyte = 1024 * 1024

for (const kind of ['processor', 'checkpointed']) {
  test(`ten million positions before a sink that never answers take no memory (${kind})`, async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--expose-gc', '--import', 'tsx', flood, kind, String(10 * million)],
      { timeout: 60_000 },
    )
    const report = JSON.parse(stdout) as FloodReport
    assert.equal(report.written, 10 * million)
    assert.equal(report.confirmations, 0)
    assert.ok(report.grownBytes < mebibyte, `${report.grownBytes} bytes more`)
    assert.ok(report.seconds < 30, `${report.seconds} s`)
  })
}

for (const server of postgresServers()) {
  test(`Postgres ${server.major}: a full guard is delivered batch by batch, each confirmed, nothing before it is durable`, async () => {
    const rowBytes = 10_000
    const rows = 1_000
    const rowsOfABatch = 25
    await using database = await preparedDatabase(server, {
      before: (fresh) => fresh.query('create table t (id int primary key, body text)'),
    })
    await using stream = openHeldStream(database, {
      maxQueueBytes: mebibyte,
      batchBytes: rowsOfABatch * rowBytes,
    })
    const { sink } = stream
    await database.query(`
      do $$ begin
        for n in 1 .. ${rows / 2} loop
          insert into t select n * 10 + i, repeat('x', ${rowBytes}) from generate_series(1, 2) i;
          commit;
        end loop;
      end $$`)

    await eventually(() => assert.ok(sink.writableNeedDrain && stream.listener.readableLength > 0))
    assert.ok(sink.writableLength <= mebibyte + rowBytes, `${sink.writableLength} bytes`)
    const read = stream.events.filter((event) => event.kind === 'insert').length
    assert.ok(read < rows, `${read} rows were read, the others wait in the server`)

    let delivered = 0
    for (let n = 0; n < 4; n++) {
      const batch = await eventually(() => sink.batches[n] ?? null)
      assert.ok(batch.lines.length > 0 && batch.lines.length <= rowsOfABatch)
      const before = endOfLastWhole(stream.events, delivered)
      delivered += batch.lines.length
      const end = endOfLastWhole(stream.events, delivered)
      const confirmed = await confirmedLsn(database)
      assert.ok(n === 0 ? confirmed < end : confirmed === before)
      batch.succeed()
      await eventually(async () => assert.equal(await confirmedLsn(database), end))
    }

    sink.letGo()
    await eventually(() => assert.equal(sink.lines.length, rows), { timeoutMs: 30_000 })
    await stream.stop()
  })
}

/** Where the last transaction ends that has all of its rows among the first ones. */
function endOfLastWhole(events: readonly WalEvent[], rows: number): bigint {
  let seen = 0
  let end = 0n
  let hasRows = false
  for (const event of events) {
    if (event.kind === 'insert') {
      hasRows = true
      if (++seen > rows) return end
    } else if (event.kind === 'commit') {
      if (hasRows) end = (event.position as SlotPosition).offset
      hasRows = false
    }
  }
  return end
}
