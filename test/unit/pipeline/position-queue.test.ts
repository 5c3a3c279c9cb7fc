import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PositionQueue } from '../../../src/pipeline/position-queue.ts'
import type { Position } from '../../../src/wal/position.ts'
import { position } from '../../support/events.ts'

type Step =
  | { readonly do: 'queue'; readonly operations: number }
  | { readonly do: 'note'; readonly position: Position | null; readonly callback: number | null }
  | { readonly do: 'settle'; readonly operations: number }
  | { readonly do: 'take' }

/** A repeatable source of chance (a linear congruence), so that a failing seed can be run again. */
function chance(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** What a queue may do: never settles more than is queued; positions of a partition rise. */
function randomSteps(seed: number): Step[] {
  const below = chance(seed)
  let unsettled = 0
  let number = 0
  return Array.from({ length: 200 }, (): Step => {
    switch (below(5)) {
      case 0: {
        const operations = below(4)
        unsettled += operations
        return { do: 'queue', operations }
      }
      case 1:
      case 2: {
        const partition = `p${below(3)}`
        number++
        const callback = below(3) === 0 ? number : null
        return { do: 'note', position: below(5) === 0 ? null : position(number, partition), callback }
      }
      case 3: {
        const operations = below(unsettled + 1)
        unsettled -= operations
        return { do: 'settle', operations }
      }
      default:
        return { do: 'take' }
    }
  })
}

/** The slow and obvious one: one list of everything, looked through from the start each time. */
class Model {
  readonly #log: { operation?: true; settled?: boolean; position?: Position; callback?: number }[] = []
  readonly called: number[] = []
  #taken = new Map<string, bigint>()

  do(step: Step): Position[] {
    if (step.do === 'queue') {
      for (let i = 0; i < step.operations; i++) this.#log.push({ operation: true })
    } else if (step.do === 'note') {
      if (step.position) this.#log.push({ position: step.position })
      if (step.callback !== null) this.#log.push({ callback: step.callback })
    } else if (step.do === 'settle') {
      const open = this.#log.filter((each) => each.operation && !each.settled)
      for (const each of open.slice(0, step.operations)) each.settled = true
    }
    const firstOpen = this.#log.findIndex((each) => each.operation && !each.settled)
    const durable = firstOpen < 0 ? this.#log : this.#log.slice(0, firstOpen)
    for (const each of durable) {
      if (each.callback !== undefined && !this.called.includes(each.callback)) this.called.push(each.callback)
    }
    if (step.do !== 'take') return []
    const newest = new Map<string, Position>()
    for (const each of durable) if (each.position) newest.set(each.position.partition, each.position)
    const fresh = [...newest.values()].filter((each) => each.offset > (this.#taken.get(each.partition) ?? 0n))
    for (const each of fresh) this.#taken.set(each.partition, each.offset)
    return fresh
  }
}

const byPartition = (positions: readonly Position[]): Position[] =>
  positions.toSorted((a, b) => a.partition.localeCompare(b.partition))

test('whatever is queued, noted and settled: only positions with nothing unsettled before them are durable', async () => {
  for (let seed = 1; seed <= 500; seed++) {
    const queue = new PositionQueue()
    const model = new Model()
    const called: number[] = []
    for (const [at, step] of randomSteps(seed).entries()) {
      const expected = model.do(step)
      if (step.do === 'queue') queue.queued(step.operations)
      else if (step.do === 'settle') queue.settle(step.operations)
      else if (step.do === 'take') {
        const taken = queue.takeDurable()
        assert.deepEqual(byPartition(taken), byPartition(expected), `seed ${seed}, step ${at}`)
      } else {
        const { callback } = step
        queue.note(step.position, callback === null ? undefined : () => called.push(callback))
      }
    }
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(called, model.called, `callbacks of seed ${seed}`)
  }
})

test('callbacks that wait when the queue fails hear of the error, once each', async () => {
  const queue = new PositionQueue()
  const heard: unknown[] = []
  queue.queued(2)
  queue.note(null, (error) => heard.push(error))
  queue.settle(1)
  queue.note(position(1), (error) => heard.push(error))
  const gone = new Error('gone')
  queue.fail(gone)
  queue.fail(new Error('again'))
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(heard, [gone, gone])
  assert.deepEqual(queue.takeDurable(), [])
})
