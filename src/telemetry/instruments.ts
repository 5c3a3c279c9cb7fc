import type { Attributes, Meter } from '@opentelemetry/api'
import { backfillStates } from './backfill-status.ts'
import { retainedWalLevels } from './retained-wal.ts'
import type { StreamStatus } from './stream-status.ts'
import type { StreamWatch, WatchedSink } from './stream-watch.ts'

/** How the same project in Go calls its processors, and how we go on from there. */
const namesInMetrics: Readonly<Record<string, { processing: string; writer: string }>> = {
  kafka: { processing: 'kafka-batch-writer', writer: 'kafka.writer' },
  search: { processing: 'search-batch-indexer', writer: 'search.indexer' },
  webhooks: { processing: 'webhooks-notifier', writer: 'webhook.notifier' },
  stdout: { processing: 'stdout-writer', writer: 'stdout.writer' },
}

/** Makes the instruments of a stream. What they cost, they cost per batch and per collection, never per row. */
export function instrument(meter: Meter, watch: StreamWatch): void {
  for (const sink of watch.sinks) recordBatches(meter, sink)
  observe(meter, watch)
}

function recordBatches(meter: Meter, { name, metrics }: WatchedSink): void {
  const { processing, writer } = namesInMetrics[name] ?? { processing: name, writer: name }
  const lag = meter.createHistogram(`pgstream.${processing}.processing.lag`, {
    unit: 'ms',
    description: 'From the commit in Postgres until it was delivered, of the oldest transaction of a batch.',
  })
  const latency = meter.createHistogram(`pgstream.${processing}.processing.latency`, {
    unit: 'ms',
    description: 'How long the delivery of a batch took.',
  })
  const writerLatency = meter.createHistogram(`pgstream.${writer}.latency`, {
    unit: 'ms',
    description: 'The same, by the name that the Go version has for it.',
  })
  const size = meter.createHistogram(`pgstream.${writer}.batch.size`, {
    unit: 'messages',
    description: 'Operations of a batch.',
    advice: { explicitBucketBoundaries: [1, 10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000] },
  })
  const bytes = meter.createHistogram(`pgstream.${writer}.batch.bytes`, {
    unit: 'bytes',
    description: 'Bytes of a batch.',
    advice: { explicitBucketBoundaries: [1e3, 1e4, 1e5, 5e5, 1e6, 5e6, 1e7, 1e8] },
  })
  metrics.onBatch((batch) => {
    if (batch.lagMs !== null) lag.record(batch.lagMs)
    latency.record(batch.tookMs)
    writerLatency.record(batch.tookMs)
    size.record(batch.operations)
    bytes.record(batch.bytes)
  })
}

type Values = readonly { readonly value: number; readonly attributes?: Attributes }[]
type Look = (status: StreamStatus) => Values

const ofSinks =
  (look: (sink: StreamStatus['sinks'][number]) => number): Look =>
  ({ sinks }) =>
    sinks.map((sink) => ({ value: look(sink), attributes: { processor: sink.name } }))

const ofSlot =
  (look: (retained: NonNullable<NonNullable<StreamStatus['slot']>['retained']>) => number | null): Look =>
  ({ slot }) => {
    const value = slot?.retained ? look(slot.retained) : null
    return value === null ? [] : [{ value }]
  }

const one =
  (look: (status: StreamStatus) => number): Look =>
  (status) => [{ value: look(status) }]

const gauges: readonly [name: string, unit: string, description: string, look: Look][] = [
  ['ready', '1', '1 when the stream flows, 0 when /ready says why not.', one(({ ready }) => Number(ready))],
  ['replication.lag', 'bytes', 'WAL behind what is confirmed.', ofSlot(({ lagBytes }) => lagBytes)],
  [
    'replication.retained_wal',
    'bytes',
    'WAL that the slot makes the server keep.',
    ofSlot(({ retainedBytes }) => retainedBytes),
  ],
  [
    'replication.retained_wal.limit',
    'bytes',
    'max_slot_wal_keep_size or our own limit, whichever is less.',
    ofSlot(({ limitBytes }) => limitBytes),
  ],
  [
    'replication.retained_wal.level',
    '1',
    '0 below half of the limit, 1 from 50 %, 2 from 80 %, 3 from 95 % on, 4 when the slot is lost.',
    ofSlot(({ level }) => retainedWalLevels.indexOf(level)),
  ],
  [
    'replication.retained_wal.time_left',
    's',
    'Until the limit, at the present speed.',
    ofSlot(({ secondsLeft }) => secondsLeft),
  ],
  [
    'source.connected',
    '1',
    '1 when changes can arrive.',
    one(({ source }) => Number(source.state === 'reading')),
  ],
  [
    'backfill.tables',
    '1',
    'Tables whose existing rows were asked for, by how far they are.',
    ({ slot }) =>
      slot?.backfill
        ? backfillStates.map((state) => ({ value: slot.backfill!.tables[state], attributes: { state } }))
        : [],
  ],
  [
    'backfill.rows',
    '1',
    'Existing rows that are durable at the destination, of all those tables.',
    ({ slot }) => (slot?.backfill ? [{ value: slot.backfill.rows }] : []),
  ],
  ['processor.queue', '1', 'What waits to be delivered, in bytes.', ofSinks(({ queue }) => queue.length)],
  ['processor.queue.limit', '1', 'From here on the source waits.', ofSinks(({ queue }) => queue.limit)],
  [
    'processor.lag',
    's',
    'How long ago the oldest transaction was committed that is not delivered.',
    ofSinks(({ lagSeconds }) => lagSeconds),
  ],
  [
    'processor.commit_to_durable',
    'ms',
    'From the commit until it is durable, percentiles of the last minute.',
    ({ sinks }) =>
      sinks.flatMap(({ name, commitToDurableMs: told }) =>
        told === null
          ? []
          : (
              [
                [0.5, told.p50],
                [0.95, told.p95],
                [0.99, told.p99],
                [1, told.max],
              ] as const
            ).map(([quantile, value]) => ({
              value,
              attributes: { processor: name, quantile: String(quantile) },
            })),
      ),
  ],
]

const counters: readonly [name: string, unit: string, description: string, look: Look][] = [
  [
    'events',
    '1',
    'Changes that the source handed on.',
    ({ rows, schemaChanges, messages }) => [
      { value: rows, attributes: { kind: 'row' } },
      { value: schemaChanges, attributes: { kind: 'schema-change' } },
      { value: messages, attributes: { kind: 'message' } },
    ],
  ],
  ['source.losses', '1', 'Connections to the source that were lost.', one(({ source }) => source.losses)],
  ['source.dead_letters', '1', 'Messages that were no events.', one(({ source }) => source.deadLetters)],
  ['processor.operations', '1', 'What was delivered.', ofSinks(({ operations }) => operations)],
  ['processor.batches', '1', 'Deliveries.', ofSinks(({ batches }) => batches)],
  ['processor.bytes', 'bytes', 'Bytes that were delivered.', ofSinks(({ bytes }) => bytes)],
  ['processor.retries', '1', 'Attempts that failed and were made again.', ofSinks(({ retries }) => retries)],
  [
    'processor.dead_letters',
    '1',
    'What the destination will never take, and is kept.',
    ofSinks(({ deadLetters }) => deadLetters),
  ],
  [
    'processor.ignored_values',
    '1',
    'Values that are delivered, and that the destination cannot look up.',
    ofSinks(({ ignoredValues }) => ignoredValues),
  ],
]

/** One look at the stream per collection, whatever the number of instruments. */
function observe(meter: Meter, watch: StreamWatch): void {
  const looks = [
    ...gauges.map(([name, unit, description, look]) => ({
      instrument: meter.createObservableGauge(`pgstream.${name}`, { unit, description }),
      look,
    })),
    ...counters.map(([name, unit, description, look]) => ({
      instrument: meter.createObservableCounter(`pgstream.${name}`, { unit, description }),
      look,
    })),
  ]
  meter.addBatchObservableCallback(
    (result) => {
      const status = watch.status()
      for (const { instrument: each, look } of looks) {
        for (const { value, attributes } of look(status)) result.observe(each, value, attributes)
      }
    },
    looks.map(({ instrument: each }) => each),
  )
}
