import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SlotSight } from '../../../src/telemetry/retained-wal.ts'
import { SourceMetrics } from '../../../src/telemetry/source-metrics.ts'
import { StreamWatch } from '../../../src/telemetry/stream-watch.ts'

const stallAfterMs = 10_000

/** What a watch says of a source that reads, when its slot was last seen so long ago. */
function reasonsAfter(silentMs: number, code: string | null, source = reading()): readonly string[] {
  const problem = code === null ? null : { code, message: 'Query read timeout.' }
  const sight: SlotSight = { retained: null, backfill: null, seenAt: Date.now() - silentMs, problem }
  const watch = new StreamWatch({
    about: 'postgres://localhost/shop',
    source,
    sinks: [],
    counts: { rows: 0, schemaChanges: 0, messages: 0, lastSchemaChanges: [] },
    between: { isHeld: () => false, passed: () => 0 },
    slot: () => sight,
    stallAfterMs,
  })
  watch.stop()
  return watch.status().reasons
}

function reading(): SourceMetrics {
  const source = new SourceMetrics()
  source.reading()
  return source
}

test('a server that keeps its connections and answers nothing makes the stream not ready', () => {
  const said = ['The source does not answer: Query read timeout.']
  assert.deepEqual(reasonsAfter(60_000, 'PGSTREAM_SOURCE_UNREACHABLE'), said)
  assert.deepEqual(reasonsAfter(0, 'PGSTREAM_SOURCE_UNREACHABLE'), [], 'one look may fail')
  assert.deepEqual(reasonsAfter(60_000, 'PGSTREAM_NO_RIGHT'), [], 'changes flow without that look')
  assert.deepEqual(reasonsAfter(60_000, null), [])
})

test('a source that is away is told once, and not also as one that does not answer', () => {
  const source = reading()
  source.lost(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))
  const reasons = reasonsAfter(60_000, 'PGSTREAM_SOURCE_UNREACHABLE', source)
  assert.deepEqual(reasons, ['The source is away: connect ECONNREFUSED'])
})
