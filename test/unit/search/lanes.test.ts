import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DocumentBatch } from '../../../src/search/document-batch.ts'
import { Lanes } from '../../../src/search/lanes.ts'
import { deleteLine } from '../../../src/search/search-operation.ts'
import type { DocumentOperation } from '../../../src/search/search-operation.ts'

const documents = (from: number, count: number): DocumentBatch =>
  new DocumentBatch(
    Array.from({ length: count }, (_, i) => {
      const [id, index] = [`1-${from + i}`, 'public']
      const bytes = deleteLine(index, id, null)
      return { kind: 'delete', id, index, bytes, version: null } as unknown as DocumentOperation
    }),
  )

interface Asked {
  readonly ids: readonly string[]
  readonly answer: (error?: Error) => void
}

/** Lanes whose requests are answered by hand, in any order. */
function heldLanes(): { lanes: Lanes; asked: Asked[] } {
  const asked: Asked[] = []
  const lanes = new Lanes({
    send: (some) =>
      new Promise((resolve, reject) => {
        const ids = some.documents().map(({ id }) => id)
        asked.push({ ids, answer: (error) => (error ? reject(error) : resolve()) })
      }),
  })
  return { lanes, asked }
}

const { signal } = new AbortController()

test('a batch goes by three requests, and the next one does not wait for all of them', async () => {
  const { lanes, asked } = heldLanes()
  const first = lanes.send(documents(0, 900), signal)
  const second = lanes.send(documents(900, 900), signal)
  await nextTurn()
  assert.deepEqual(
    asked.map(({ ids }) => [ids[0], ids.length]),
    [
      ['1-0', 300],
      ['1-300', 300],
      ['1-600', 300],
    ],
  )
  asked[1]!.answer()
  await nextTurn()
  assert.deepEqual(
    asked.slice(3).map(({ ids }) => ids[0]),
    ['1-900'],
  )
  for (let i = 0; i < 6; i++) {
    if (i !== 1) asked[i]!.answer()
    await nextTurn()
  }
  await Promise.all([first, second, lanes.idle()])
})

test('of one document only one state is on its way', async () => {
  const { lanes, asked } = heldLanes()
  const states = [lanes.send(documents(0, 2), signal), lanes.send(documents(1, 2), signal)]
  states.push(lanes.send(documents(2, 1), signal), lanes.send(documents(7, 1), signal))
  await nextTurn()
  assert.deepEqual(
    asked.map(({ ids }) => ids),
    [['1-0', '1-1'], ['1-7']],
  )
  asked[0]!.answer()
  await nextTurn()
  assert.deepEqual(asked.at(-1)!.ids, ['1-1', '1-2'])
  assert.equal(asked.length, 3)
  asked[2]!.answer()
  await nextTurn()
  assert.deepEqual(asked.at(-1)!.ids, ['1-2'])
  asked[3]!.answer()
  asked[1]!.answer()
  await Promise.all([...states, lanes.idle()])
})

test('what fails fails all behind it with a document of the same id, and is not forgotten', async () => {
  const { lanes, asked } = heldLanes()
  const error = new Error('the store is gone')
  const states = [lanes.send(documents(0, 1), signal), lanes.send(documents(0, 2), signal)]
  const failed = states.map((state) => assert.rejects(state, error))
  await nextTurn()
  asked[0]!.answer(error)
  await Promise.all(failed)
  assert.equal(asked.length, 1)
  await assert.rejects(lanes.idle(), error)
})

test('what waits for its turn when the signal fires is not sent', async () => {
  const { lanes, asked } = heldLanes()
  const abort = new AbortController()
  const states = [lanes.send(documents(0, 900), abort.signal), lanes.send(documents(900, 300), abort.signal)]
  const ended = Promise.allSettled(states)
  await nextTurn()
  abort.abort(new Error('stopped'))
  for (const { answer } of asked) answer()
  const [first, second] = await ended
  assert.equal(first!.status, 'fulfilled')
  assert.equal(second!.status, 'rejected')
  assert.equal(asked.length, 3)
})
