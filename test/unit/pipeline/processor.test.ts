import assert from 'node:assert/strict'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { test } from 'node:test'
import { PgstreamError } from '../../../src/errors.ts'
import { Processor } from '../../../src/pipeline/processor.ts'
import { weightOf } from '../../../src/pipeline/weight.ts'
import { commit, insert, keepalive, RecordingCheckpointer } from '../../support/events.ts'
import { HeldSink } from '../../support/held-sink.ts'
import { eventually } from '../../support/wait.ts'

const sink = (options: ConstructorParameters<typeof HeldSink>[0] = {}) => {
  const checkpointer = new RecordingCheckpointer()
  return { checkpointer, processor: new HeldSink({ checkpointer, ...options }) }
}

test('a commit is confirmed only after the row before it is durable', async () => {
  const { checkpointer, processor } = sink()
  processor.write(insert(1))
  processor.write(commit(1))
  await eventually(() => assert.equal(processor.batches.length, 1))
  assert.deepEqual(checkpointer.confirmed, [])
  processor.batches[0]!.succeed()
  await eventually(() => assert.deepEqual(checkpointer.confirmed, [1]))
  processor.destroy()
})

test('a commit of nothing is confirmed at once when nothing waits', () => {
  const { checkpointer, processor } = sink()
  processor.write(commit(1))
  assert.deepEqual(checkpointer.confirmed, [1])
  processor.destroy()
})

test('a keepalive behind an undelivered row waits for it', async () => {
  const { checkpointer, processor } = sink()
  processor.write(insert(1))
  processor.write(keepalive(2))
  processor.write(keepalive(3))
  await eventually(() => assert.equal(processor.batches.length, 1))
  assert.deepEqual(checkpointer.confirmed, [])
  processor.batches[0]!.succeed()
  await eventually(() => assert.deepEqual(checkpointer.confirmed, [3]))
  processor.destroy()
})

test('what arrives in one tick is delivered as one batch, and what gathers meanwhile as the next', async () => {
  const { processor } = sink()
  for (let n = 1; n <= 5; n++) processor.write(insert(n, `a${n}`))
  await eventually(() => assert.equal(processor.batches.length, 1))
  for (let n = 6; n <= 8; n++) processor.write(insert(n, `a${n}`))
  processor.letGo()
  await eventually(() => assert.equal(processor.lines.length, 8))
  assert.deepEqual(
    processor.batches.map((batch) => batch.lines),
    [
      ['a1', 'a2', 'a3', 'a4', 'a5'],
      ['a6', 'a7', 'a8'],
    ],
  )
  processor.destroy()
})

test('a full guard says so, is cut into batches, and confirms after each of them', async () => {
  const ten = 10 * weightOf(Buffer.alloc(10)).length
  const { checkpointer, processor } = sink({ maxQueueBytes: ten, batchSize: 3, batchBytes: 1_000 })
  let wanted = true
  let written = 0
  while (wanted) {
    written++
    wanted = processor.write(insert(written, 'x'.repeat(10)))
    processor.write(commit(written))
  }
  assert.equal(written, 10)
  assert.equal(processor.writableLength, ten)
  for (const [index, confirmed] of [3, 6, 9].entries()) {
    await eventually(() => assert.equal(processor.batches.length, index + 1))
    processor.batches[index]!.succeed()
    await eventually(() => assert.equal(checkpointer.last, confirmed))
    assert.equal(processor.writableLength, ten, 'memory is released when all that was handed over is durable')
  }
  const drained = once(processor, 'drain')
  await eventually(() => assert.equal(processor.batches.length, 4))
  processor.batches[3]!.succeed()
  await drained
  assert.deepEqual(checkpointer.confirmed, [3, 6, 9, 10])
  processor.destroy()
})

test('a batch ends before it exceeds its bytes, and a larger operation goes alone', async () => {
  const { processor } = sink({ batchBytes: 25 })
  for (const size of [10, 10, 10, 40, 5]) processor.write(insert(1, 'y'.repeat(size)))
  processor.letGo()
  await eventually(() => assert.equal(processor.lines.length, 5))
  assert.deepEqual(
    processor.batches.map((batch) => batch.lines.map((line) => line.length)),
    [[10, 10], [10], [40], [5]],
  )
  processor.destroy()
})

test('end() delivers and confirms everything before it finishes, then closes the checkpointer', async () => {
  const { checkpointer, processor } = sink()
  processor.write(insert(1))
  processor.write(commit(1))
  processor.end()
  await eventually(() => assert.equal(processor.batches.length, 1))
  assert.equal(processor.writableFinished, false)
  assert.equal(checkpointer.closed, false)
  processor.letGo()
  await finished(processor)
  assert.deepEqual(checkpointer.confirmed, [1])
  await eventually(() => assert.equal(checkpointer.closed, true))
})

test('a delivery that fails destroys the stream and confirms nothing of it', async () => {
  const { checkpointer, processor } = sink({ batchSize: 1 })
  processor.write(insert(1))
  processor.write(commit(1))
  processor.write(insert(2))
  processor.write(commit(2))
  const failed = once(processor, 'error')
  await eventually(() => assert.equal(processor.batches.length, 1))
  processor.batches[0]!.succeed()
  await eventually(() => assert.equal(processor.batches.length, 2))
  processor.batches[1]!.fail(new Error('refused'))
  const [error] = (await failed) as [Error]
  assert.equal(error.message, 'refused')
  assert.deepEqual(checkpointer.confirmed, [1])
  await eventually(() => assert.equal(checkpointer.closed, true))
})

test('what is delivered after the stream was destroyed is not confirmed', async () => {
  const { checkpointer, processor } = sink()
  processor.write(insert(1))
  processor.write(commit(1))
  await eventually(() => assert.equal(processor.batches.length, 1))
  processor.destroy()
  processor.batches[0]!.succeed()
  await finished(processor).catch(() => undefined)
  assert.deepEqual(checkpointer.confirmed, [])
})

test('the callback of a write fires when everything before it is durable, for positions too', async () => {
  const { processor } = sink()
  const called: string[] = []
  processor.write(insert(1), () => called.push('row'))
  processor.write(commit(1), () => called.push('commit'))
  await eventually(() => assert.equal(processor.batches.length, 1))
  assert.deepEqual(called, [])
  processor.letGo()
  await eventually(() => assert.deepEqual(called, ['row', 'commit']))
  processor.destroy()
})

test('the callbacks of a destroyed stream hear of the error', async () => {
  const { processor } = sink()
  processor.on('error', () => undefined)
  const heard = new Promise<Error | null | undefined>((resolve) => processor.write(insert(1), resolve))
  processor.destroy(new Error('gone'))
  assert.equal((await heard)?.message, 'gone')
})

test('an event that cannot be encoded destroys the stream instead of throwing', async () => {
  class Broken extends Processor {
    protected override encode(): never {
      throw new PgstreamError('PGSTREAM_INTERNAL', 'cannot encode')
    }
    protected override async deliver(): Promise<void> {}
  }
  const processor = new Broken({ maxQueueBytes: 10, batchSize: 1, batchBytes: 1 })
  const failed = once(processor, 'error')
  assert.equal(processor.write(insert(1)), false)
  const [error] = (await failed) as [PgstreamError]
  assert.equal(error.code, 'PGSTREAM_INTERNAL')
})

test('a checkpoint that takes time is not overtaken, and the newest position is confirmed next', async () => {
  const confirmed: number[] = []
  const answers: (() => void)[] = []
  const checkpointer = new RecordingCheckpointer()
  const processor = new HeldSink({
    checkpointer: {
      open: () => undefined,
      close: () => undefined,
      checkpoint: (positions) => {
        checkpointer.checkpoint(positions)
        confirmed.push(checkpointer.last!)
        return new Promise<void>((resolve) => answers.push(resolve))
      },
    },
  })
  for (let n = 1; n <= 4; n++) processor.write(commit(n))
  assert.deepEqual(confirmed, [1])
  answers[0]!()
  await eventually(() => assert.deepEqual(confirmed, [1, 4]))
  processor.end()
  assert.equal(processor.writableFinished, false)
  answers[1]!()
  await finished(processor)
})
