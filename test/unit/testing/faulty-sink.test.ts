import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { faultySink, FaultySinkError } from '../../../src/testing/index.ts'
import type { FaultySink, FaultySinkOptions } from '../../../src/testing/index.ts'
import { eventually } from '../../support/wait.ts'

/** Delivers 1, 2, 3, …, each alone; gives the ones that failed. */
async function deliverEach(sink: FaultySink<number>, count: number): Promise<FaultySinkError[]> {
  const errors: FaultySinkError[] = []
  for (let n = 1; n <= count; n++) {
    await sink.deliver([n]).catch((error: FaultySinkError) => errors.push(error))
  }
  return errors
}

const seeds = [1, 2, 3]
const sinks = (options: FaultySinkOptions<number>): FaultySink<number>[] =>
  seeds.map((seed) => faultySink<number>({ ...options, seed }))

test('a sink that is told nothing stores everything', async () => {
  const sink = faultySink<number>()
  assert.deepEqual(await deliverEach(sink, 100), [])
  assert.equal(sink.stored.length, 100)
})

test('a rejected delivery is not stored, and about one in ten is', async () => {
  for (const sink of sinks({ rejectOneIn: 10 })) {
    const errors = await deliverEach(sink, 1000)
    assert.ok(errors.every((error) => error instanceof FaultySinkError && !error.isStored))
    assert.ok(errors.length > 50 && errors.length < 150, `${errors.length} rejections`)
    assert.deepEqual(
      [sink.stored.length, sink.failures, sink.deliveries],
      [1000 - errors.length, errors.length, 1000],
    )
  }
})

test('a delivery that fails after the write is stored', async () => {
  for (const sink of sinks({ failAfterWriteOneIn: 10 })) {
    const errors = await deliverEach(sink, 1000)
    assert.ok(errors.every(({ isStored }) => isStored))
    assert.ok(errors.length > 50 && errors.length < 150, `${errors.length} failures`)
    assert.equal(sink.stored.length, 1000)
  }
})

test('the same seed fails at the same deliveries, another one at others', async () => {
  const stored = []
  for (const seed of [7, 7, 8]) {
    const sink = faultySink<number>({ rejectOneIn: 5, seed })
    await deliverEach(sink, 100)
    stored.push(sink.stored)
  }
  assert.deepEqual(stored[0], stored[1])
  assert.notDeepEqual(stored[0], stored[2])
})

test('what is held is stored when it is released, in order', async () => {
  const sink = faultySink<number>({ held: true })
  const delivered = [sink.deliver([1, 2]), sink.deliver([3])]
  await eventually(() => assert.equal(sink.waiting, 2))
  assert.deepEqual(sink.stored, [])
  sink.release()
  await Promise.all(delivered)
  assert.deepEqual([sink.stored, sink.waiting], [[1, 2, 3], 0])
  sink.hold()
  const later = sink.deliver([4])
  await eventually(() => assert.equal(sink.waiting, 1))
  sink.release()
  await later
})

test('a delay is waited for, and a store of the user is filled before the sink says so', async () => {
  const kept: number[] = []
  const sink = faultySink<number>({
    delayMs: 50,
    store: async (items) => {
      await new Promise((resolve) => setImmediate(resolve))
      kept.push(...items)
    },
  })
  const before = performance.now()
  await sink.deliver([1, 2])
  assert.ok(performance.now() - before >= 49)
  assert.deepEqual(
    [kept, sink.stored],
    [
      [1, 2],
      [1, 2],
    ],
  )
})

test('a Writable into the sink gets batches, fails with it, and another one goes on', async () => {
  const sink = faultySink<number>({ held: true })
  const writable = sink.writable({ highWaterMark: 100 })
  for (let n = 1; n <= 5; n++) writable.write(n)
  writable.end()
  sink.release()
  await once(writable, 'finish')
  assert.deepEqual([sink.stored, sink.deliveries], [[1, 2, 3, 4, 5], 2])

  const failing = faultySink<number>({ rejectOneIn: 1 })
  const first = failing.writable()
  first.write(1)
  const [error] = (await once(first, 'error')) as [FaultySinkError]
  assert.equal(error.name, 'FaultySinkError')
})
