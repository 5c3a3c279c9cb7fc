import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TableFill } from '../../../src/postgres/backfill/table-fill.ts'
import { lsn } from '../../../src/wal/lsn.ts'

const fresh = (): TableFill =>
  new TableFill({
    oid: 1,
    requestedAt: '2026-11-29',
    schema: 'public',
    table: 't',
    orderedBy: null,
    lastKey: ['5'],
    again: [],
    rows: 0,
    bytes: 0,
  })

test('a hole holds back what is confirmed until it is written, also while that is under way', () => {
  const fill = fresh()
  fill.noteHole(['k'], [0], lsn(10n))
  assert.ok(!fill.hasUnwritten(lsn(9n)))
  assert.ok(fill.hasUnwritten(lsn(10n)))
  const progress = fill.durable(lsn(10n), 'none')!
  assert.deepEqual(
    progress.holes.map(({ key }) => key),
    [['k']],
  )
  assert.ok(fill.hasUnwritten(lsn(10n)), 'it is being written')
  assert.equal(fill.durable(lsn(11n), 'none'), null, 'once is enough')
  fill.wasWritten(progress)
  assert.ok(!fill.hasUnwritten(lsn(11n)))
})

test('a hole that is found again while it is written is written again', () => {
  const fill = fresh()
  fill.noteHole(['k'], [0], lsn(10n))
  const progress = fill.durable(lsn(10n), 'none')!
  fill.noteHole(['k'], [0], lsn(20n))
  fill.wasWritten(progress)
  assert.ok(fill.hasUnwritten(lsn(20n)))
  assert.equal(fill.durable(lsn(20n), 'none')?.holes.length, 1)
})

test('a table that is started over holds back what is confirmed until that is written', () => {
  const fill = fresh()
  fill.startOver()
  assert.ok(fill.hasUnwritten(lsn(1n)))
  const progress = fill.durable(lsn(1n), 'none')!
  assert.equal(progress.lastKey, null)
  assert.ok(fill.hasUnwritten(lsn(1n)), 'it is being written')
  fill.wasWritten(progress)
  assert.ok(!fill.hasUnwritten(lsn(1n)))
})
