import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PassThrough, Writable } from 'node:stream'
import { checkpointed } from '../../../src/pipeline/checkpointed.ts'
import { PgstreamError } from '../../../src/errors.ts'
import type { DeliveredBatch } from '../../../src/telemetry/sink-metrics.ts'
import { commit, insert } from '../../support/events.ts'
import { HeldSink } from '../../support/held-sink.ts'
import { eventually } from '../../support/wait.ts'

const now = (): number => Date.now() * 1000

test('a sink knows what waits in it, since when, and what became durable', async () => {
  const sink = new HeldSink({ maxQueueBytes: 1_000 })
  const batches: DeliveredBatch[] = []
  sink.metrics.onBatch((batch) => batches.push(batch))
  assert.deepEqual(sink.metrics.queue(), { length: 0, limit: 1_000, unit: 'bytes', oldestCommit: 0 })
  const committed = now() - 5_000_000
  sink.write({ ...insert(1), commitTime: committed })
  sink.write({ ...insert(2), commitTime: committed })
  sink.write(commit(1))
  sink.write({ ...insert(3), commitTime: committed + 1_000_000 })
  await eventually(() => sink.batches.length === 1)
  assert.equal(sink.metrics.opened, true)
  assert.equal(sink.metrics.queue().oldestCommit, committed)
  assert.ok(sink.metrics.queue().length > 0)
  sink.metrics.retrying(new PgstreamError('PGSTREAM_SINK_FAILED', 'It was away at http://me:secret@there.'))
  assert.equal(sink.metrics.problem?.message, 'It was away at http://***@there.')

  sink.letGo()
  await eventually(() => sink.metrics.operations === 3)
  assert.equal(sink.metrics.problem, null)
  assert.equal(sink.metrics.retries, 1)
  assert.equal(sink.metrics.queue().oldestCommit, committed + 1_000_000, 'its commit is still to come')
  sink.write(commit(2))
  assert.equal(sink.metrics.queue().oldestCommit, 0)
  const { count, p50, max } = sink.metrics.commitToDurable.percentiles()!
  assert.equal(count, 2)
  assert.ok(p50 > 3_500 && max > 5_000 && max < 60_000)
  assert.ok(batches[0]!.lagMs! >= 5_000)
  assert.equal(
    batches.reduce((sum, { bytes }) => sum + bytes, 0),
    sink.metrics.bytes,
  )
  sink.destroy()
})

test('commits of transactions of which a sink wants nothing are no deliveries', () => {
  const sink = new HeldSink()
  sink.write(commit(1))
  sink.write(commit(2))
  assert.equal(sink.metrics.commitToDurable.percentiles(), null)
  sink.destroy()
})

test('a Writable in checkpointed() is watched, too, in events', async () => {
  const taken = new PassThrough({ objectMode: true }).resume()
  const mine = new Writable({
    objectMode: true,
    write: (event, _encoding, callback) => taken.write(event, callback),
  })
  const sink = checkpointed(mine, {
    open: () => undefined,
    checkpoint: () => undefined,
    close: () => undefined,
  })
  sink.write({ ...insert(1), commitTime: now() })
  sink.write(commit(1))
  assert.ok('metrics' in sink)
  const { metrics } = sink as HeldSink
  await eventually(() => metrics.operations === 1)
  assert.equal(metrics.queue().unit, 'events')
  assert.equal(metrics.commitToDurable.percentiles()!.count, 1)
  sink.destroy()
})
