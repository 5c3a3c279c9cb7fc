import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Processor } from '../../../src/pipeline/processor.ts'
import type { Operation, ProcessorOptions } from '../../../src/pipeline/processor.ts'
import { largestStandIn } from '../../../src/pipeline/weight.ts'
import type { ChangeEvent } from '../../../src/wal/event.ts'
import { commit, insert, RecordingCheckpointer } from '../../support/events.ts'
import { eventually } from '../../support/wait.ts'

const rowBytes = 1_000

class Growing implements Operation {
  count = 1

  get size(): number {
    return this.count * rowBytes
  }

  get bytes(): Buffer {
    return Buffer.alloc(this.size)
  }
}

/** Puts rows into the operation before, as long as it may grow. */
class GrowingSink extends Processor<Growing> {
  readonly batches: number[][] = []
  answer: () => void = () => undefined
  #last: Growing | null = null

  constructor(checkpointer: RecordingCheckpointer, options: Partial<ProcessorOptions> = {}) {
    super({ checkpointer, maxQueueBytes: 1024 * 1024, batchSize: 1_000, batchBytes: 1024 * 1024, ...options })
  }

  protected override encode(event: ChangeEvent): Growing | null {
    if (event.kind !== 'insert') return null
    if (this.#last === null || !this.mayGrow(rowBytes)) return (this.#last = new Growing())
    this.#last.count++
    this.grew(rowBytes)
    return null
  }

  protected override async deliver(batch: readonly Growing[]): Promise<void> {
    this.batches.push(batch.map(({ count }) => count))
    return new Promise((resolve) => (this.answer = resolve))
  }
}

test('what an operation took is confirmed with it, and counted by rows', async () => {
  const checkpointer = new RecordingCheckpointer()
  const sink = new GrowingSink(checkpointer)
  for (let n = 1; n <= 5; n++) {
    sink.write(insert(n))
    sink.write(commit(n))
  }
  await eventually(() => assert.deepEqual(sink.batches, [[5]]))
  assert.deepEqual(checkpointer.confirmed, [])
  sink.write(insert(6))
  sink.write(commit(6))
  sink.answer()
  await eventually(() => assert.deepEqual(checkpointer.confirmed, [5]))
  assert.equal(sink.metrics.operations, 5)
  assert.equal(sink.metrics.bytes, 5 * rowBytes)
  await eventually(() => assert.deepEqual(sink.batches, [[5], [1]]))
  sink.answer()
  await eventually(() => assert.deepEqual(checkpointer.confirmed, [5, 6]))
  sink.destroy()
})

test('of each transaction that is in one operation it is told how late it is', async () => {
  const sink = new GrowingSink(new RecordingCheckpointer())
  const ages = [9, 3, 6]
  for (const [n, seconds] of ages.entries()) {
    sink.write({ ...insert(n + 1), commitTime: (Date.now() - seconds * 1000) * 1000 })
    sink.write(commit(n + 1))
  }
  await eventually(() => assert.deepEqual(sink.batches, [[3]]))
  sink.answer()
  await eventually(() => assert.equal(sink.metrics.commitToDurable.percentiles()?.count, 3))
  const { p50, max } = sink.metrics.commitToDurable.percentiles()!
  assert.ok(p50 > 5_500 && p50 < 8_500 && max > 8_500, `${p50}, ${max}`)
  sink.destroy()
})

test('an operation that Node was told of grows no more, and all that is in it is counted as memory', async () => {
  const sink = new GrowingSink(new RecordingCheckpointer(), { batchSize: 100 })
  const rows = Math.floor((2.5 * largestStandIn) / rowBytes)
  for (let n = 1; n <= rows; n++) sink.write(insert(n))
  await eventually(() => assert.equal(sink.batches.length, 1))
  assert.ok(sink.writableLength >= rows * rowBytes, `${sink.writableLength} bytes are counted`)
  const [first] = sink.batches
  assert.ok(first!.every((count) => count * rowBytes <= largestStandIn))
  assert.ok(first!.reduce((sum, count) => sum + count) <= 100)
  sink.destroy()
})

test('a full queue is full, however few operations it has', () => {
  const sink = new GrowingSink(new RecordingCheckpointer(), { maxQueueBytes: 10 * rowBytes })
  let taken = 1
  while (sink.write(insert(taken))) taken++
  assert.ok(taken <= 10, `${taken} rows were taken`)
  sink.destroy()
})

test('an operation does not become larger than a delivery may be', async () => {
  for (const options of [{ batchSize: 3 }, { batchBytes: 3 * rowBytes }]) {
    const sink = new GrowingSink(new RecordingCheckpointer(), options)
    for (let n = 1; n <= 7; n++) sink.write(insert(n))
    await eventually(() => assert.deepEqual(sink.batches, [[3]]))
    sink.destroy()
  }
})
