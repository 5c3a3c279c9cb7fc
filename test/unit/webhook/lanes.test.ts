import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lanes } from '../../../src/webhook/lanes.ts'
import type { Work } from '../../../src/webhook/lanes.ts'
import type { LanesOf } from '../../../src/webhook/lanes-of.ts'
import { seededRandom } from '../../../src/testing/seeded-random.ts'

function everythingReady<T>(lanes: Lanes<T>): Work<T>[] {
  const ready: Work<T>[] = []
  for (let work = lanes.next(); work; work = lanes.next()) ready.push(work)
  return ready
}

const items = (works: readonly Work<string>[]): string[] => works.map(({ item }) => item)

test('what has a lane in common comes one after the other, everything else at once', () => {
  const lanes = new Lanes<string>()
  lanes.add('a1', ['a'])
  lanes.add('a2', ['a'])
  lanes.add('b1', ['b'])
  const [a1, b1] = everythingReady(lanes)
  assert.deepEqual(items([a1!, b1!]), ['a1', 'b1'])
  lanes.finish(b1!)
  assert.deepEqual(everythingReady(lanes), [])
  lanes.finish(a1!)
  assert.deepEqual(items(everythingReady(lanes)), ['a2'])
})

test('a change of a key waits for both rows, and both wait for it', () => {
  const lanes = new Lanes<string>()
  lanes.add('a', ['a'])
  lanes.add('b', ['b'])
  lanes.add('a becomes b', ['a', 'b'])
  lanes.add('a again', ['a'])
  lanes.add('b again', ['b'])
  const [a, b] = everythingReady(lanes)
  lanes.finish(b!)
  assert.deepEqual(everythingReady(lanes), [])
  lanes.finish(a!)
  const [change, ...others] = everythingReady(lanes)
  assert.deepEqual([change!.item, others.length], ['a becomes b', 0])
  lanes.finish(change!)
  assert.deepEqual(items(everythingReady(lanes)), ['a again', 'b again'])
})

test('a barrier waits for everything before it, and everything behind it waits; so does a fence, which is nothing', () => {
  const lanes = new Lanes<string>()
  lanes.fence()
  lanes.add('a', ['a'])
  lanes.add('barrier', 'barrier')
  lanes.add('b', ['b'])
  for (let n = 0; n < 50_000; n++) lanes.fence()
  lanes.add('c', ['c'])
  const [a, ...none] = everythingReady(lanes)
  assert.deepEqual(none, [])
  lanes.finish(a!)
  const [barrier, ...nobody] = everythingReady(lanes)
  assert.deepEqual([barrier!.item, nobody.length], ['barrier', 0])
  lanes.finish(barrier!)
  const [b, ...notC] = everythingReady(lanes)
  assert.deepEqual([b!.item, notC.length], ['b', 0])
  lanes.finish(b!)
  const [c] = everythingReady(lanes)
  assert.equal(c!.item, 'c')
  lanes.finish(c!)
  assert.equal(lanes.length, 0)
})

test('in whatever order things are finished, order holds and nothing is left', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed)
    const int = (below: number): number => Math.floor(random() * below)
    const lanes = new Lanes<number>()
    const given: LanesOf[] = []
    const finished = new Set<number>()
    const running: Work<number>[] = []
    const mustPrecede = (a: LanesOf, b: LanesOf): boolean =>
      a === 'barrier' || b === 'barrier' || a.some((lane) => b.includes(lane))
    const start = (): void => {
      for (const work of everythingReady(lanes)) {
        for (let earlier = 0; earlier < work.item; earlier++) {
          if (mustPrecede(given[earlier]!, given[work.item]!))
            assert.ok(finished.has(earlier), `seed ${seed}: ${work.item} came before ${earlier} was done`)
        }
        running.push(work)
      }
    }
    const finishOne = (): void => {
      const [work] = running.splice(int(running.length), 1)
      finished.add(work!.item)
      lanes.finish(work!)
      start()
    }
    for (let n = 0; n < 60; n++) {
      const lane = (): string => 'abcd'[int(4)]!
      const of: LanesOf = int(10) === 0 ? 'barrier' : int(4) === 0 ? [...new Set([lane(), lane()])] : [lane()]
      given.push(of)
      lanes.add(n, of)
      if (int(15) === 0) lanes.fence()
      start()
      while (running.length > int(5)) finishOne()
    }
    while (running.length > 0) finishOne()
    assert.deepEqual([finished.size, lanes.length], [60, 0], `seed ${seed}`)
  }
})
