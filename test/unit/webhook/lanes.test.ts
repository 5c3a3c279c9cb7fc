import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lanes } from '../../../src/webhook/lanes.ts'
import type { Work } from '../../../src/webhook/lanes.ts'
import type { LanesOf } from '../../../src/webhook/lanes-of.ts'
import { seededRandom } from '../../../src/testing/seeded-random.ts'

interface Item<T> {
  readonly name: T
  readonly lanes: LanesOf
}

function everythingReady<T>(lanes: Lanes<Item<T>>): Work<Item<T>>[] {
  const ready: Work<Item<T>>[] = []
  for (let work = lanes.next(); work; work = lanes.next()) ready.push(work)
  return ready
}

const names = (works: readonly Work<Item<string>>[]): string[] => works.map(({ item }) => item.name)

test('what has a lane in common comes one after the other, everything else at once', () => {
  const lanes = new Lanes<Item<string>>(1_000)
  lanes.add({ name: 'a1', lanes: ['a'] })
  lanes.add({ name: 'a2', lanes: ['a'] })
  lanes.add({ name: 'b1', lanes: ['b'] })
  const [a1, b1] = everythingReady(lanes)
  assert.deepEqual(names([a1!, b1!]), ['a1', 'b1'])
  lanes.finish(b1!)
  assert.deepEqual(everythingReady(lanes), [])
  lanes.finish(a1!)
  assert.deepEqual(names(everythingReady(lanes)), ['a2'])
})

test('a change of a key waits for both rows, and both wait for it', () => {
  const lanes = new Lanes<Item<string>>(1_000)
  lanes.add({ name: 'a', lanes: ['a'] })
  lanes.add({ name: 'b', lanes: ['b'] })
  lanes.add({ name: 'a becomes b', lanes: ['a', 'b'] })
  lanes.add({ name: 'a again', lanes: ['a'] })
  lanes.add({ name: 'b again', lanes: ['b'] })
  const [a, b] = everythingReady(lanes)
  lanes.finish(b!)
  assert.deepEqual(everythingReady(lanes), [])
  lanes.finish(a!)
  const [change, ...others] = everythingReady(lanes)
  assert.deepEqual([change!.item.name, others.length], ['a becomes b', 0])
  lanes.finish(change!)
  assert.deepEqual(names(everythingReady(lanes)), ['a again', 'b again'])
})

test('a barrier waits for everything before it, and everything behind it waits; so does a fence, which is nothing', () => {
  const lanes = new Lanes<Item<string>>(1_000)
  lanes.fence()
  lanes.add({ name: 'a', lanes: ['a'] })
  lanes.add({ name: 'barrier', lanes: 'barrier' })
  lanes.add({ name: 'b', lanes: ['b'] })
  for (let n = 0; n < 50_000; n++) lanes.fence()
  lanes.add({ name: 'c', lanes: ['c'] })
  const [a, ...none] = everythingReady(lanes)
  assert.deepEqual(none, [])
  lanes.finish(a!)
  const [barrier, ...nobody] = everythingReady(lanes)
  assert.deepEqual([barrier!.item.name, nobody.length], ['barrier', 0])
  lanes.finish(barrier!)
  const [b, ...notC] = everythingReady(lanes)
  assert.deepEqual([b!.item.name, notC.length], ['b', 0])
  lanes.finish(b!)
  const [c] = everythingReady(lanes)
  assert.equal(c!.item.name, 'c')
  lanes.finish(c!)
  assert.equal(lanes.length, 0)
})

test('what is behind the most that is looked at begins when something before it is finished', () => {
  const lanes = new Lanes<Item<string>>(2)
  for (const name of ['a', 'b', 'c', 'd']) lanes.add({ name, lanes: [name] })
  const [a, b, ...none] = everythingReady(lanes)
  assert.deepEqual([names([a!, b!]), none.length, lanes.length], [['a', 'b'], 0, 4])
  lanes.finish(b!)
  assert.deepEqual(names(everythingReady(lanes)), ['c'])
})

test('in whatever order things are finished, order holds and nothing is left', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed)
    const int = (below: number): number => Math.floor(random() * below)
    const lanes = new Lanes<Item<number>>(1 + int(20))
    const given: LanesOf[] = []
    const finished = new Set<number>()
    const running: Work<Item<number>>[] = []
    const mustPrecede = (a: LanesOf, b: LanesOf): boolean =>
      a === 'barrier' || b === 'barrier' || a.some((lane) => b.includes(lane))
    const start = (): void => {
      for (const work of everythingReady(lanes)) {
        for (let earlier = 0; earlier < work.item.name; earlier++) {
          if (mustPrecede(given[earlier]!, given[work.item.name]!))
            assert.ok(
              finished.has(earlier),
              `seed ${seed}: ${work.item.name} came before ${earlier} was done`,
            )
        }
        running.push(work)
      }
    }
    const finishOne = (): void => {
      const [work] = running.splice(int(running.length), 1)
      finished.add(work!.item.name)
      lanes.finish(work!)
      start()
    }
    for (let n = 0; n < 60; n++) {
      const lane = (): string => 'abcd'[int(4)]!
      const of: LanesOf = int(10) === 0 ? 'barrier' : int(4) === 0 ? [...new Set([lane(), lane()])] : [lane()]
      given.push(of)
      lanes.add({ name: n, lanes: of })
      if (int(15) === 0) lanes.fence()
      start()
      while (running.length > int(5)) finishOne()
    }
    while (running.length > 0) finishOne()
    assert.deepEqual([finished.size, lanes.length], [60, 0], `seed ${seed}`)
  }
})
