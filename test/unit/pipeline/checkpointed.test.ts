import assert from 'node:assert/strict'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { checkpointed } from '../../../src/pipeline/checkpointed.ts'
import type { InsertEvent, WalEvent } from '../../../src/wal/event.ts'
import { commit, insert, RecordingCheckpointer } from '../../support/events.ts'
import { eventually } from '../../support/wait.ts'

const transactions = (count: number): WalEvent[] =>
  Array.from({ length: count }, (_, i) => [insert(i + 1), commit(i + 1)]).flat()

test("an event is confirmed when the user's Writable calls back for it, and not before", async () => {
  const checkpointer = new RecordingCheckpointer()
  const callbacks: (() => void)[] = []
  const mine = new Writable({
    objectMode: true,
    write: (_event: InsertEvent, _encoding, callback) => void callbacks.push(callback),
  })
  const end = checkpointed(mine, checkpointer)
  assert.equal(checkpointer.opened, true)
  for (const event of transactions(2)) end.write(event)
  await eventually(() => assert.equal(callbacks.length, 1))
  assert.deepEqual(checkpointer.confirmed, [])
  callbacks[0]!()
  await eventually(() => assert.equal(callbacks.length, 2))
  assert.deepEqual(checkpointer.confirmed, [1])
  callbacks[1]!()
  await eventually(() => assert.deepEqual(checkpointer.confirmed, [1, 2]))
  end.destroy()
})

test('the Writable gets changes only, all of them, in order, and is finished before the pipeline is', async () => {
  const checkpointer = new RecordingCheckpointer()
  const seen: number[] = []
  let finished = false
  const mine = new Writable({
    objectMode: true,
    write: (event: InsertEvent, _encoding, callback) => {
      assert.equal(event.kind, 'insert')
      seen.push(event.values[0] as number)
      setImmediate(callback)
    },
    final: (callback) => {
      finished = true
      callback()
    },
  })
  await pipeline(Readable.from(transactions(100)), checkpointed(mine, checkpointer))
  assert.deepEqual(
    seen,
    Array.from({ length: 100 }, (_, i) => i + 1),
  )
  assert.equal(finished, true)
  assert.equal(checkpointer.last, 100)
  assert.equal(checkpointer.closed, true)
})

test('a Writable with writev gets what gathered as one batch, up to its own highWaterMark', async () => {
  const batches: number[] = []
  const mine = new Writable({
    objectMode: true,
    highWaterMark: 50,
    writev: (chunks, callback) => {
      batches.push(chunks.length)
      setImmediate(callback)
    },
  })
  await pipeline(Readable.from(transactions(500)), checkpointed(mine, new RecordingCheckpointer()))
  assert.equal(
    batches.reduce((sum, size) => sum + size, 0),
    500,
  )
  assert.ok(Math.max(...batches) >= 40 && Math.max(...batches) <= 50, `batches of ${batches.join(', ')}`)
})

test('an error of the Writable is the error of the pipeline, and nothing of it is confirmed', async () => {
  const checkpointer = new RecordingCheckpointer()
  const mine = new Writable({
    objectMode: true,
    write: (event: InsertEvent, _encoding, callback) =>
      setImmediate(callback, event.values[0] === 3 ? new Error('third refused') : null),
  })
  await assert.rejects(
    pipeline(Readable.from(transactions(10)), checkpointed(mine, checkpointer)),
    /third refused/,
  )
  assert.deepEqual(checkpointer.confirmed, [1, 2])
  assert.equal(checkpointer.closed, true)
})

test('what a Writable takes behind an event that it refused is not confirmed, also when it calls back at once', async () => {
  for (const refused of [1, 3, 7]) {
    const checkpointer = new RecordingCheckpointer()
    const mine = new Writable({
      objectMode: true,
      write: (event: InsertEvent, _encoding, callback) =>
        callback(event.values[0] === refused ? new Error('refused') : null),
    })
    await assert.rejects(
      pipeline(Readable.from(transactions(10)), checkpointed(mine, checkpointer)),
      /refused/,
    )
    assert.ok(
      (checkpointer.last ?? 0) < refused,
      `confirmed ${checkpointer.confirmed.join(', ')} of ${refused}`,
    )
  }
})

test('a Writable that is destroyed from outside ends the pipeline with an error', async () => {
  const mine = new Writable({
    objectMode: true,
    write: (event: InsertEvent, _encoding, callback) => {
      if (event.values[0] === 2) mine.destroy()
      else setImmediate(callback)
    },
  })
  await assert.rejects(
    pipeline(Readable.from(transactions(10)), checkpointed(mine, new RecordingCheckpointer())),
  )
})

test('a Writable of bytes is refused with the reason', () => {
  const bytes = new Writable({ write: (_chunk, _encoding, callback) => callback() })
  assert.throws(() => checkpointed(bytes, new RecordingCheckpointer()), /objectMode: true/)
})
