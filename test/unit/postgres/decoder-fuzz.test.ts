import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgstreamError } from '../../../src/errors.ts'
import type { ChangeEvent, CommitEvent, InsertEvent } from '../../../src/wal/event.ts'
import type { RecordedMessage } from '../../../src/recording/recording-reader.ts'
import { recordedMessages } from '../../support/recorded-messages.ts'
import type { RecordedMessages } from '../../support/recorded-messages.ts'
import { valueSpans } from '../../support/value-spans.ts'
import { randomFrom } from '../../support/workload/random.ts'
import type { Random } from '../../support/workload/random.ts'

/** Each seed is as many messages, damaged in as many ways; PGSTREAM_FUZZ_SEED=7 looks at one, PGSTREAM_FUZZ_SEEDS=1000 at more. */
const asked = process.env['PGSTREAM_FUZZ_SEED']
const seeds = asked
  ? [Number(asked)]
  : Array.from({ length: Number(process.env['PGSTREAM_FUZZ_SEEDS'] ?? 300) }, (_, i) => i + 1)
/** Longer than that for one message is a hang. */
const longestMs = 1_000

const recordings = await Promise.all(
  ['shop.pgoutput.rec', 'shop.wal2json.rec', 'types.pgoutput.rec', 'types.wal2json.rec'].map(
    recordedMessages,
  ),
)

type Outcome = { refused: PgstreamError } | { events: (ChangeEvent | CommitEvent)[] }

/** Decodes one message behind those before it. Whatever happens is one protocol error and nothing else, or events. */
function decodeAt(recording: RecordedMessages, place: number, message: RecordedMessage): Outcome {
  const { decoder, events } = recording.decoderBehind(place)
  const begun = performance.now()
  try {
    decoder.decode(message.data, message.lsn)
  } catch (error) {
    assert.ok(error instanceof PgstreamError, `it threw ${String(error)}`)
    assert.equal(error.code, 'PGSTREAM_PROTOCOL')
    assert.deepEqual(events, [], 'events before an error')
    return { refused: error }
  } finally {
    assert.ok(performance.now() - begun < longestMs, 'it took too long')
  }
  return { events }
}

/** Runs a trial for each seed; a failing one is named with what to do to see it again. */
function forEachSeed(recording: RecordedMessages, trial: (random: Random, place: number) => void): void {
  for (const seed of seeds) {
    const random = randomFrom(seed)
    const place = random.int(recording.messages.length)
    try {
      trial(random, place)
    } catch (cause) {
      const sentence = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`PGSTREAM_FUZZ_SEED=${seed}, message ${place}: ${sentence}`, { cause })
    }
  }
}

const replaceBytes = (data: Buffer, random: Random): Buffer => {
  const damaged = Buffer.from(data)
  for (let left = random.between(1, 4); left > 0; left--)
    damaged[random.int(damaged.length)] = random.int(256)
  return damaged
}

const damages: Readonly<Record<string, (data: Buffer, random: Random, other: Buffer) => Buffer>> = {
  'some bytes replaced': replaceBytes,
  'a bit flipped': (data, random) => flipBit(data, random.int(data.length), random),
  'a piece left out': (data, random) => {
    const [from, to] = [random.int(data.length), random.int(data.length)].sort((a, b) => a - b)
    return Buffer.concat([data.subarray(0, from), data.subarray(to! + 1)])
  },
  'a piece repeated': (data, random) => {
    const [from, to] = [random.int(data.length), random.int(data.length)].sort((a, b) => a - b)
    return Buffer.concat([data.subarray(0, to), data.subarray(from)])
  },
  'the end of another message': (data, random, other) =>
    Buffer.concat([data.subarray(0, random.int(data.length)), other.subarray(random.int(other.length))]),
  'lengths and numbers made extreme': (data, random) => {
    const damaged = Buffer.from(data)
    const from = random.int(Math.max(1, data.length - 4))
    Buffer.from(random.pick(['ffffffff', '7fffffff', '80000000', '00000000']), 'hex').copy(damaged, from)
    return damaged
  },
  'nothing but noise': (data, random) =>
    Buffer.from(Array.from({ length: random.int(200) }, (_, i) => (i === 0 ? data[0]! : random.int(256)))),
}

function flipBit(data: Buffer, place: number, random: Random): Buffer {
  const flipped = Buffer.from(data)
  flipped[place] = flipped[place]! ^ (1 << random.int(8))
  return flipped
}

for (const recording of recordings) {
  test(`${recording.name}: every message that is cut off is one protocol error`, () => {
    for (const [place, { data, lsn }] of recording.messages.entries()) {
      const random = randomFrom(place)
      const lengths =
        data.length <= 60 ? [...data.keys()] : Array.from({ length: 60 }, () => random.int(data.length))
      for (const length of lengths) {
        const outcome = decodeAt(recording, place, { data: data.subarray(0, length), lsn })
        assert.ok(
          'refused' in outcome,
          `message ${place} was understood after ${length} of ${data.length} bytes`,
        )
      }
    }
  })

  for (const [name, damage] of Object.entries(damages)) {
    test(`${recording.name}: ${name}, and it is a protocol error or an event, never anything else`, () => {
      forEachSeed(recording, (random, place) => {
        const { data, lsn } = recording.messages[place]!
        const damaged = damage(data, random, random.pick(recording.messages).data)
        decodeAt(recording, place, { data: damaged, lsn })
      })
    })
  }

  test(`${recording.name}: a bit flipped in a value changes that value, or is a protocol error`, () => {
    const inserts = recording.messages.flatMap((message, place) => {
      const whole = decodeAt(recording, place, message)
      assert.ok('events' in whole)
      const [event] = whole.events
      return event?.kind === 'insert' && event.values.length > 0 ? [{ place, message, event }] : []
    })
    assert.ok(inserts.length > 5)
    let changed = 0
    forEachSeed(recording, (random) => {
      const { place, message, event } = random.pick(inserts)
      const spans = valueSpans(recording.plugin, message.data)
      assert.equal(spans.length, event.values.length)
      const column = random.int(spans.length)
      const { start, end } = spans[column]!
      if (start === end) return
      const data = flipBit(message.data, random.between(start, end - 1), random)
      const outcome = decodeAt(recording, place, { data, lsn: message.lsn })
      if ('refused' in outcome) return
      changed++
      const { values, ...others } = onlyInsert(outcome.events)
      const { values: expected, ...rest } = event
      assert.deepEqual(others, rest)
      assert.deepEqual(values.toSpliced(column, 1), expected.toSpliced(column, 1), `column ${column}`)
    })
    // one or a few of them may all fall on what is no value
    if (seeds.length >= 20) assert.ok(changed > seeds.length / 4, 'too few flips were values')
  })

  test(`${recording.name}: a message that was refused leaves the decoder as it was`, () => {
    const { decoder, events } = recording.decoderBehind(0)
    const undisturbed = recording.decoderBehind(0)
    for (const [place, { data, lsn }] of recording.messages.entries()) {
      for (const length of [0, 1, data.length >> 1, data.length - 1]) {
        assert.throws(() => decoder.decode(data.subarray(0, length), lsn))
      }
      decoder.decode(data, lsn)
      undisturbed.decoder.decode(data, lsn)
      assert.deepEqual(events, undisturbed.events, `message ${place}`)
    }
  })
}

function onlyInsert(events: readonly (ChangeEvent | CommitEvent)[]): InsertEvent {
  const [event, ...others] = events
  assert.ok(event?.kind === 'insert' && others.length === 0)
  return event
}
