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

    let durable = 0
    for (let n = 0; n < 4; n++) {
      const batch = await eventually(() => sink.batches[n] ?? null)
      assert.ok(batch.lines.length > 0 && batch.lines.length <= rowsOfABatch)
      assert.ok((await confirmedLsn(database)) < endsAround(stream.events, durable).next)
      batch.succeed()
      durable += batch.lines.length
      const { last, next } = endsAround(stream.events, durable)
      await eventually(async () => assert.ok((await confirmedLsn(database)) >= last))
      assert.ok((await confirmedLsn(database)) < next)
    }

    sink.letGo()
    await eventually(() => assert.equal(sink.lines.length, rows), { timeoutMs: 30_000 })
    await stream.stop()
  })
}

/** Where the last transaction ends that has all of its rows among the first ones, and where the one after it does. */
function endsAround(events: readonly WalEvent[], rows: number): { last: bigint; next: bigint } {
  let seen = 0
  let rowsOfThis = 0
  let last = 0n
  for (const event of events) {
    if (event.kind === 'insert') rowsOfThis++
    if (event.kind !== 'commit' || rowsOfThis === 0) continue
    const end = (event.position as SlotPosition).offset
    seen += rowsOfThis
    rowsOfThis = 0
    if (seen > rows) return { last, next: end }
    last = end
  }
  throw new Error('No transaction was read that is not durable')
}
