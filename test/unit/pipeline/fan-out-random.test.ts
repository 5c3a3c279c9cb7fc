import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { fanOut } from '../../../src/pipeline/fan-out.ts'
import type { MakeSink } from '../../../src/pipeline/fan-out.ts'
import type { WalEvent } from '../../../src/wal/event.ts'
import { numberOf, randomEvents, randomSink, SourceModel, StoreModel } from '../../support/fan-out-model.ts'
import { randomFrom } from '../../support/workload/random.ts'
import type { Random } from '../../support/workload/random.ts'

const faults = ['none', 'sink fails', 'sink is destroyed', 'source refuses', 'aborted'] as const
type Fault = (typeof faults)[number]

interface Outcome {
  readonly error: unknown
  /** What the fault threw; undefined if it never came to that. */
  readonly caused: Error | undefined
  readonly sinks: readonly Writable[]
  readonly stores: readonly StoreModel[]
  readonly source: SourceModel
  /** Whether all sinks had let go when the source was closed. */
  readonly closedLast: boolean
}

/** Streams random events into random sinks; the models look at every step. */
async function streamOnce(events: readonly WalEvent[], fault: Fault, random: Random): Promise<Outcome> {
  const changes = events.filter((event) => numberOf(event) !== null).length
  const sinkAtFault = random.int(4)
  let caused: Error | undefined
  const cause = (): Error => (caused = new Error(fault))
  const sinks: Writable[] = []
  const place = random.between(1, changes || 1)
  const stores = Array.from(
    { length: random.between(2, 4) },
    (_, sink) =>
      new StoreModel(random, (number) => {
        if (sink !== sinkAtFault || number !== place) return
        if (fault === 'sink fails') throw cause()
        if (fault === 'sink is destroyed') sinks[sink]!.destroy(cause())
      }),
  )
  const source = new SourceModel(events, stores, random)
  let checkpoints = random.int(20)
  source.fault = () => {
    if (fault !== 'source refuses' || checkpoints-- !== 0) return
    throw cause()
  }
  let closedLast = false
  const abort = new AbortController()
  const makes = stores.map((store): MakeSink => (checkpointer) => {
    const sink = randomSink(random, store, checkpointer)
    sinks.push(sink)
    return sink
  })
  const close = (): void => {
    closedLast = sinks.every((sink) => sink.closed)
    source.close()
  }
  const end = fanOut(
    { open: () => source.open(), checkpoint: (positions) => source.checkpoint(positions), close },
    makes,
  )
  const read = function* (): Generator<WalEvent> {
    for (const event of events) {
      if (fault === 'aborted' && numberOf(event) === place) abort.abort(cause())
      yield event
    }
  }
  const error: unknown = await pipeline(Readable.from(read()), end, { signal: abort.signal }).then(
    () => null,
    (reason: unknown) => reason,
  )
  // an aborted pipeline does not wait for its parts
  if (!end.closed) await new Promise((resolve) => end.once('close', resolve))
  return { error, caused, sinks, stores, source, closedLast }
}

const seeds = 200

for (const fault of faults) {
  test(`whatever the sinks do, nothing is confirmed that one of them lacks (${fault})`, async () => {
    let faulty = 0
    for (let seed = 1; seed <= seeds; seed++) {
      const random = randomFrom(seed)
      const events = randomEvents(random)
      const { error, caused, sinks, stores, source, closedLast } = await streamOnce(events, fault, random)
      const about = `seed ${seed}`
      assert.equal(source.opened, 1, about)
      assert.equal(source.closed, 1, about)
      assert.ok(closedLast, `${about}: the source is closed after all sinks`)
      assert.ok(
        sinks.every((sink) => sink.closed),
        about,
      )
      if (caused) {
        faulty++
        if (fault === 'aborted') assert.equal((error as Error).name, 'AbortError', about)
        else assert.equal(error, caused, about)
        continue
      }
      assert.equal(error, null, about)
      const changes = events.filter((event) => numberOf(event) !== null).length
      for (const store of stores) assert.ok(store.hasFirst(changes), about)
      assert.deepEqual(new Map([...source.confirmed].sort()), new Map([...source.ends].sort()), about)
    }
    if (fault !== 'none') assert.ok(faulty > seeds / 4, `${faulty} faults`)
  })
}
