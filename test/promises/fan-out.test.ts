import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Checkpointer } from '../../src/pipeline/contracts.ts'
import { fanOut } from '../../src/pipeline/fan-out.ts'
import type { WalEvent } from '../../src/wal/event.ts'
import { HeldSink } from '../support/held-sink.ts'
import type { FloodReport } from '../support/position-flood.ts'
import { postgresServers } from '../support/postgres.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'

const flood = fileURLToPath(new URL('../support/position-flood.ts', import.meta.url))
const million = 1_000_000

test('a million positions take no memory while one of two sinks never answers', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', '--import', 'tsx', flood, 'fan-out', String(million)],
    { timeout: 60_000 },
  )
  const report = JSON.parse(stdout) as FloodReport
  assert.equal(report.written, million)
  assert.equal(report.confirmations, 0)
  assert.ok(report.grownBytes < 1024 * 1024, `${report.grownBytes} bytes more`)
})

for (const server of postgresServers()) {
  test(`Postgres ${server.major}: a fast and a slow sink both get batches, and the slot follows the slow one`, async () => {
    const transactions = 100
    const rowsOfEach = 10
    const rows = transactions * rowsOfEach
    const rowsOfABatch = 250
    await using database = await preparedDatabase(server, {
      before: (fresh) => fresh.query('create table t (id int primary key, body text)'),
    })
    const sinks: HeldSink[] = []
    const make = (checkpointer: Checkpointer): HeldSink => {
      const sink = new HeldSink({ checkpointer, batchSize: rowsOfABatch })
      sinks.push(sink)
      return sink
    }
    await database.query(`
      do $$ begin
        for n in 0 .. ${transactions - 1} loop
          insert into t select n * ${rowsOfEach} + i, 'row' from generate_series(1, ${rowsOfEach}) i;
          commit;
        end loop;
      end $$`)
    await using stream = openStream(database, { processor: (source) => fanOut(source, [make, make]) })
    const [fast, slow] = sinks as [HeldSink, HeldSink]
    fast.letGo()
    await eventually(() => assert.equal(fast.lines.length, rows))
    assert.ok(largest(fast) >= 100, `the fast one has batches of up to ${largest(fast)}`)
    const ends = endsOf(stream.events)
    assert.equal(ends.length, transactions)

    let delivered = 0
    for (let n = 0; delivered < rows; n++) {
      const batch = await eventually(() => slow.batches[n] ?? null)
      const whole = Math.floor(delivered / rowsOfEach)
      await eventually(async () => {
        const confirmed = await confirmedLsn(database)
        assert.ok(confirmed < ends[whole]!, 'nothing is confirmed that the slow one lacks')
        return whole === 0 || confirmed >= ends[whole - 1]!
      })
      batch.succeed()
      delivered += batch.lines.length
    }
    assert.ok(largest(slow) >= 100, `the slow one has batches of up to ${largest(slow)}`)
    await stream.stop()
    assert.ok((await confirmedLsn(database)) >= ends.at(-1)!)
    assert.deepEqual(slow.lines, fast.lines)
  })
}

const largest = (sink: HeldSink): number => Math.max(...sink.batches.map(({ lines }) => lines.length))

/** Where each transaction with rows ends. */
function endsOf(events: readonly WalEvent[]): bigint[] {
  const withRows = new Set(events.flatMap((event) => (event.kind === 'insert' ? [event.xid] : [])))
  return events.flatMap((event) =>
    event.kind === 'commit' && withRows.has(event.xid) ? [event.position.offset] : [],
  )
}
