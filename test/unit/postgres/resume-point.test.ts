import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResumePoint } from '../../../src/postgres/resume-point.ts'
import { slotPosition } from '../../../src/postgres/slot-position.ts'
import type { ChangeEvent, CommitEvent } from '../../../src/wal/event.ts'
import { lsn } from '../../../src/wal/lsn.ts'

const change = (commitLsn: number, ordinal: number): ChangeEvent =>
  ({ kind: 'message', commitLsn: lsn(BigInt(commitLsn)), ordinal }) as ChangeEvent

const commit = (commitLsn: number, end: number): CommitEvent => ({
  kind: 'commit',
  commitLsn: lsn(BigInt(commitLsn)),
  xid: 1,
  commitTime: 0,
  position: slotPosition(lsn(BigInt(end))),
})

/** Three transactions; each begins where the one before it ends, and the second has gaps between its changes. */
const stream = [
  ...[change(10, 0), change(10, 1), commit(10, 20)],
  ...[change(20, 0), change(20, 3), change(20, 7), commit(20, 30)],
  ...[change(30, 0), commit(30, 40)],
]

test('a stream that is given again from any place of what was handed on comes exactly once', () => {
  const beginnings = [0, 3, 7]
  for (let handedOn = 0; handedOn <= stream.length; handedOn++) {
    for (const from of beginnings.filter((beginning) => beginning <= handedOn)) {
      const point = new ResumePoint()
      const taken = stream.slice(0, handedOn).filter((event) => point.pass(event))
      const again = stream.slice(from).filter((event) => point.pass(event))
      assert.deepEqual([...taken, ...again], stream, `cut after ${handedOn}, again from ${from}`)
    }
  }
})

test('its position is the newest end of a transaction or place in between, and never goes back', () => {
  const point = new ResumePoint()
  point.pass(stream[0]!)
  assert.equal(point.position, 0n)
  for (const event of stream.slice(1, 3)) point.pass(event)
  assert.equal(point.position, 20n)
  assert.equal(point.reach(lsn(25n)), true)
  assert.equal(point.reach(lsn(25n)), false)
  assert.equal(point.reach(lsn(22n)), false)
  assert.equal(point.position, 25n)
})
