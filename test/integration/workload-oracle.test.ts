import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { postgresSources } from '../support/postgres.ts'
import { openBench } from '../support/workload/bench.ts'
import type { Outcome } from '../support/workload/bench.ts'
import { faults } from '../support/workload/faults.ts'
import { generate } from '../support/workload/generate.ts'
import { judge } from '../support/workload/judge.ts'

const seeds = [1, 2, 3, 4]
/** Of each fault in each stream; judging takes some milliseconds. */
const places = 12

test('what a random workload is judged by notices each fault that a stream can have', async (t) => {
  const [source] = postgresSources()
  assert.ok(source)
  await using bench = await openBench(source)
  const outcomes: Outcome[] = []
  for (const seed of seeds) outcomes.push(await bench.try(generate(seed, { ...bench.options, length: 60 })))
  assert.deepEqual(
    outcomes.flatMap(({ problems }) => problems),
    [],
  )

  for (const [name, fault] of Object.entries(faults)) {
    await t.test(name, async () => {
      let tried = 0
      for (const { events, source: state, transactions } of outcomes) {
        const streams = fault(events, transactions)
        const some = streams.filter((_stream, i) => i % Math.ceil(streams.length / places) === 0)
        for (const stream of some) {
          tried++
          const problems = judge({ events: stream, source: state, transactions, limits: bench.limits })
          const at = stream.findIndex((event, i) => event !== events[i])
          assert.ok(problems.length > 0, `not noticed at event ${at}, ${events[at]?.kind ?? 'the end'}`)
          // the stream's status must go out meanwhile
          await setImmediate()
        }
      }
      assert.ok(tried >= seeds.length, `only ${tried} places for it`)
    })
  }
})
