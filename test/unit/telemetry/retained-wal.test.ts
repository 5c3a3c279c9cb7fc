import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Growth } from '../../../src/telemetry/growth.ts'
import { describeRetainedWal, judgeRetainedWal } from '../../../src/telemetry/retained-wal.ts'
import type { SlotFacts } from '../../../src/telemetry/retained-wal.ts'

const facts = (changes: Partial<SlotFacts>): SlotFacts => ({
  slot: 'shop',
  plugin: 'pgoutput',
  activePid: null,
  walStatus: 'reserved',
  currentLsn: '0/2000000',
  confirmedLsn: '0/1000000',
  lagBytes: 0,
  retainedBytes: 0,
  safeBytes: null,
  ...changes,
})

test('the level follows the share of the limit: 50, 80 and 95 %', () => {
  const levelAt = (retainedBytes: number): string => judgeRetainedWal(facts({ retainedBytes }), 1_000).level
  assert.deepEqual([0, 499, 500, 799, 800, 949, 950, 1_000, 5_000].map(levelAt), [
    'ok',
    'ok',
    'half',
    'half',
    'high',
    'high',
    'critical',
    'critical',
    'critical',
  ])
})

test("the server's limit counts where it comes first, and what the server says of the slot before all", () => {
  const servers = judgeRetainedWal(facts({ retainedBytes: 600, safeBytes: 400 }), 10_000)
  assert.deepEqual(
    [servers.limitBytes, servers.limitedBy, servers.level],
    [1_000, 'max_slot_wal_keep_size', 'half'],
  )
  assert.match(
    describeRetainedWal(servers),
    /60 % of 1\.0 kB \(max_slot_wal_keep_size\)\. Then Postgres drops WAL/,
  )
  const ours = judgeRetainedWal(facts({ retainedBytes: 600, safeBytes: 40_000 }), 1_000)
  assert.equal(ours.limitedBy, 'PGSTREAM_POSTGRES_LISTENER_MAX_RETAINED_WAL')
  const unreserved = judgeRetainedWal(
    facts({ retainedBytes: 10, walStatus: 'unreserved', safeBytes: -5 }),
    1_000,
  )
  assert.equal(unreserved.level, 'critical')
  assert.equal(judgeRetainedWal(facts({ walStatus: 'lost' }), 1_000).level, 'lost')
})

test('the time that is left follows from how fast it grows', () => {
  const growth = new Growth()
  assert.equal(growth.add(0, 1_000), 0)
  assert.equal(growth.add(10_000, 50_000), 0, 'ten seconds say nothing')
  const rate = growth.add(100_000, 201_000)
  assert.equal(rate, 2_000)
  const judged = judgeRetainedWal(facts({ retainedBytes: 201_000 }), 401_000, rate)
  assert.equal(judged.secondsLeft, 100)
  assert.match(
    describeRetainedWal(judged),
    /reached in 100 s\. The server has no limit of its own: the disk fills\.$/,
  )
  assert.equal(growth.add(400_000, 0), 0, 'what was released is no growth')
  assert.equal(judgeRetainedWal(facts({}), 1_000, 0).secondsLeft, null)
})
