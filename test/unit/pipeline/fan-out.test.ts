import assert from 'node:assert/strict'
import { Readable, Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import type { Checkpointer } from '../../../src/pipeline/contracts.ts'
import { checkpointed } from '../../../src/pipeline/checkpointed.ts'
import { fanOut } from '../../../src/pipeline/fan-out.ts'
import { weightOf } from '../../../src/pipeline/weight.ts'
import type { WalEvent } from '../../../src/wal/event.ts'
import { commit, insert, position, RecordingCheckpointer } from '../../support/events.ts'
import { HeldSink } from '../../support/held-sink.ts'
import { eventually } from '../../support/wait.ts'

type HeldOptions = ConstructorParameters<typeof HeldSink>[0]

/** Held sinks behind one end. */
function heldSinks(...options: HeldOptions[]) {
  const source = new RecordingCheckpointer()
  const sinks: HeldSink[] = []
  const end = fanOut(
    source,
    options.map((each) => (checkpointer) => {
      const sink = new HeldSink({ checkpointer, ...each })
      sinks.push(sink)
      return sink
    }),
  )
  return { source, sinks, end }
}

/** The checkpointers that sinks are given, for the test to confirm by hand. */
function byHand(count: number, source: Checkpointer): { given: Checkpointer[]; end: Writable } {
  const given: Checkpointer[] = []
  const make = (checkpointer: Checkpointer): Writable => {
    checkpointer.open()
    given.push(checkpointer)
    return new Writable({ objectMode: true, write: () => undefined })
  }
  return { given, end: fanOut(source, new Array(count).fill(make)) }
}

const transactions = (count: number): WalEvent[] =>
  Array.from({ length: count }, (_, i) => [insert(i + 1), commit(i + 1)]).flat()

test('each sink gets every event, the same object, in batches as if it were alone', async () => {
  const { source, sinks, end } = heldSinks({}, {})
  const seen: unknown[][] = [[], []]
  for (const [i, sink] of sinks.entries()) {
    const write = sink.write.bind(sink)
    sink.write = (event: unknown) => {
      seen[i]!.push(event)
      return write(event)
    }
    sink.letGo()
  }
  const events = transactions(500)
  await pipeline(Readable.from(events), end)
  for (const [i, sink] of sinks.entries()) {
    assert.equal(seen[i]!.length, events.length)
    assert.ok(
      seen[i]!.every((event, place) => event === events[place]),
      'the event itself',
    )
    assert.equal(sink.lines.length, 500)
    assert.ok(Math.max(...sink.batches.map(({ lines }) => lines.length)) >= 300)
  }
  assert.equal(source.last, 500)
})

test('a source that finds a sink not open yet goes on when it is', async () => {
  const source = new RecordingCheckpointer()
  const late = new HeldSink({ checkpointer: source })
  let isShut = true
  Object.defineProperty(late, 'writableNeedDrain', { get: () => isShut })
  const ready = new HeldSink({ checkpointer: source })
  for (const sink of [late, ready]) sink.letGo()
  const sinks = [ready, late].map((sink) => (checkpointer: Checkpointer) => {
    checkpointer.open()
    return sink
  })
  const streaming = pipeline(Readable.from(transactions(50)), fanOut(source, sinks))
  setTimeout(() => {
    isShut = false
    late.emit('drain')
  }, 20)
  await streaming
  for (const sink of [late, ready]) assert.equal(sink.lines.length, 50)
})

test('what the slower sink has is confirmed, whichever it is', async () => {
  const { source, sinks, end } = heldSinks({ batchSize: 1 }, { batchSize: 1 })
  for (const event of transactions(4)) end.write(event)
  const deliver = async (sink: number, batch: number): Promise<void> => {
    const held = await eventually(() => sinks[sink]!.batches[batch] ?? null)
    held.succeed()
    await eventually(() => assert.equal(sinks[sink]!.batches.length, Math.min(batch + 2, 4)))
  }
  for (const batch of [0, 1, 2]) await deliver(0, batch)
  assert.deepEqual(source.confirmed, [])
  for (const batch of [0, 1]) await deliver(1, batch)
  assert.deepEqual(source.confirmed, [1, 2])
  for (const batch of [2, 3]) await deliver(1, batch)
  assert.deepEqual(source.confirmed, [1, 2, 3])
  end.destroy()
})

test('a partition of which one sink has said nothing is not confirmed at all', () => {
  const told: unknown[] = []
  const { given, end } = byHand(2, {
    open: () => undefined,
    close: () => undefined,
    checkpoint: (positions) => void told.push(...positions),
  })
  void given[0]!.checkpoint([position(5, 'a'), position(7, 'b')])
  assert.deepEqual(told, [])
  void given[1]!.checkpoint([position(9, 'b'), position(1, 'c')])
  assert.deepEqual(told, [position(7, 'b')])
  void given[1]!.checkpoint([position(0, 'a')])
  assert.deepEqual(told, [position(7, 'b'), position(0, 'a')], '0 is a position as any other')
  end.destroy()
})

test('a sink that confirms an older position again takes nothing back', () => {
  const source = new RecordingCheckpointer()
  const { given, end } = byHand(2, source)
  void given[0]!.checkpoint([position(9)])
  void given[0]!.checkpoint([position(3)])
  void given[1]!.checkpoint([position(9)])
  assert.deepEqual(source.confirmed, [9])
  end.destroy()
})

test('write says no as long as one sink is full, and drain comes once all have room', async () => {
  const one = weightOf(Buffer.alloc(10)).length
  const { sinks, end } = heldSinks(
    { maxQueueBytes: 2 * one },
    { maxQueueBytes: 4 * one },
    { maxQueueBytes: 100 * one },
  )
  let drains = 0
  end.on('drain', () => drains++)
  const wanted = Array.from({ length: 4 }, (_, n) => end.write(insert(n, 'x'.repeat(10))))
  assert.deepEqual(wanted, [true, false, false, false])
  assert.equal(end.writableNeedDrain, true)
  await eventually(() => assert.ok(sinks.every((sink) => sink.batches.length === 1)))
  sinks[0]!.batches[0]!.succeed()
  await eventually(() => assert.equal(sinks[0]!.writableLength, 0))
  assert.equal(drains, 0, 'the second is still full')
  assert.equal(end.writableNeedDrain, true)
  sinks[1]!.batches[0]!.succeed()
  await eventually(() => assert.equal(drains, 1))
  assert.equal(end.writableNeedDrain, false)
  sinks[2]!.batches[0]!.succeed()
  await eventually(() => assert.equal(sinks[2]!.writableLength, 0))
  assert.equal(end.write(insert(5)), true)
  assert.equal(drains, 1)
  end.destroy()
})

test('end() waits for the slowest sink and for the source, which is closed last', async () => {
  const events: string[] = []
  const answers: (() => void)[] = []
  const sinks: HeldSink[] = []
  const make = (checkpointer: Checkpointer): HeldSink => {
    const sink = new HeldSink({ checkpointer })
    sink.once('close', () => events.push('sink closed'))
    sinks.push(sink)
    return sink
  }
  const end = fanOut(
    {
      open: () => events.push('opened'),
      checkpoint: () => new Promise<void>((resolve) => answers.push(resolve)),
      close: () => events.push('source closed'),
    },
    [make, make],
  )
  end.write(insert(1))
  end.write(commit(1))
  end.end()
  sinks[0]!.letGo()
  await eventually(() => assert.deepEqual(events, ['opened', 'sink closed']))
  sinks[1]!.letGo()
  await eventually(() => assert.deepEqual(events, ['opened', 'sink closed', 'sink closed']))
  assert.equal(end.writableFinished, false)
  answers[0]!()
  await finished(end)
  assert.equal(events.at(-1), 'source closed')
  assert.equal(events.length, 4)
})

test('the callback of a write fires when the event is durable everywhere, also behind end(event)', async () => {
  const { sinks, end } = heldSinks({}, {})
  const called: unknown[] = []
  end.write(insert(1), (error) => called.push(error ?? 'durable'))
  sinks[0]!.letGo()
  await eventually(() => assert.equal(sinks[0]!.writableLength, 0))
  assert.deepEqual(called, [])
  sinks[1]!.letGo()
  await eventually(() => assert.deepEqual(called, ['durable']))
  end.end(insert(2, 'last'))
  await finished(end)
  for (const sink of sinks) assert.equal(sink.lines.at(-1), 'last')
})

test('the callback of a write hears of the first error, once, whatever the other sinks say', async () => {
  const callbacks: ((error: Error | null) => void)[] = []
  const make = (checkpointer: Checkpointer): Writable => {
    checkpointer.open()
    const write = (_event: unknown, callback: (error: Error | null) => void): boolean =>
      !!callbacks.push(callback)
    return Object.assign(new Writable({ objectMode: true }), { write })
  }
  const end = fanOut(new RecordingCheckpointer(), [make, make, make])
  const called: unknown[] = []
  end.write(insert(1), (error) => called.push(error?.message))
  callbacks[0]!(new Error('refused'))
  callbacks[1]!(null)
  callbacks[2]!(new Error('refused, too'))
  assert.deepEqual(called, ['refused'])
  end.destroy()
  const late = await new Promise((resolve) => end.write(insert(2), resolve))
  assert.match(String(late), /destroyed/)
})

test('what sinks confirm behind the end of a destroyed stream moves nothing', async () => {
  const source = new RecordingCheckpointer()
  const { given, end } = byHand(2, source)
  end.destroy()
  await finished(end).catch(() => undefined)
  for (const each of given) void each.checkpoint([position(1)])
  assert.deepEqual(source.confirmed, [])
})

test('a sink that is ended by somebody else ends the stream with the reason, and the other sinks', async () => {
  const { sinks, end } = heldSinks({}, {})
  end.write(insert(1))
  for (const sink of sinks) sink.letGo()
  sinks[0]!.end()
  await assert.rejects(finished(end), { code: 'PGSTREAM_SINK_FAILED' })
  assert.ok(sinks.every((sink) => sink.closed))
})

test('a sink that was dead from the beginning ends the stream with the reason', async () => {
  const alive = new HeldSink()
  const end = fanOut(new RecordingCheckpointer(), [
    (checkpointer) => new HeldSink({ checkpointer }).destroy(),
    (checkpointer) => (checkpointer.open(), alive),
  ])
  await assert.rejects(finished(end), { code: 'PGSTREAM_SINK_FAILED' })
  assert.ok(alive.closed)
})

test('a single sink is handed back as it is, with the checkpointer of the source', () => {
  const source = new RecordingCheckpointer()
  const sink = new HeldSink()
  assert.equal(fanOut(source, [(checkpointer) => (assert.equal(checkpointer, source), sink)]), sink)
})

test('no sink, and a Writable that confirms nothing, are refused with the reason; what was made is destroyed', () => {
  const source = new RecordingCheckpointer()
  assert.throws(() => fanOut(source, []), /at least one sink/)
  const first = new Writable({ objectMode: true })
  assert.throws(
    () =>
      fanOut(source, [
        (checkpointer) => checkpointed(first, checkpointer),
        () => new Writable({ objectMode: true }),
      ]),
    /sink 2 of fanOut\(\) confirms nothing.*checkpointed\(\)/,
  )
  assert.equal(first.destroyed, true)
  assert.equal(source.opened, false)
})
