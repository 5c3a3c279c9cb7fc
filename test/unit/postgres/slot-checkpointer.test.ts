import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SlotCheckpointer } from '../../../src/postgres/slot-checkpointer.ts'
import { slotPosition } from '../../../src/postgres/slot-position.ts'
import { lsn } from '../../../src/wal/lsn.ts'

const at = (value: bigint) => slotPosition(lsn(value))

test('nothing is confirmed before something was', () => {
  assert.equal(new SlotCheckpointer().confirmed, 0n)
})

test('the confirmed position never moves backwards', () => {
  const checkpointer = new SlotCheckpointer()
  const seen = [5n, 3n, 9n, 9n, 1n, 10n].map((value) => {
    void checkpointer.checkpoint([at(value)])
    return checkpointer.confirmed
  })
  assert.deepEqual(seen, [5n, 5n, 9n, 9n, 9n, 10n])
  void checkpointer.checkpoint([at(12n), at(11n)])
  assert.equal(checkpointer.confirmed, 12n)
})

test('a position of another source is refused and confirms nothing', () => {
  const checkpointer = new SlotCheckpointer()
  assert.throws(() => checkpointer.checkpoint([{ partition: 'topic/0', offset: 1n }]), {
    name: 'PgstreamError',
    code: 'PGSTREAM_INTERNAL',
  })
  assert.equal(checkpointer.confirmed, 0n)
})

test('whoever waits for the end waits until everybody who confirms has closed', async () => {
  const checkpointer = new SlotCheckpointer()
  checkpointer.open()
  let settled = false
  const waiting = checkpointer.settled().then(() => (settled = true))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(settled, false)
  checkpointer.close()
  await waiting
  checkpointer.close()
  await checkpointer.settled()
})

test('nobody is waited for when nobody said that they would confirm', async () => {
  const checkpointer = new SlotCheckpointer()
  assert.equal(checkpointer.attached, false)
  await checkpointer.settled()
  checkpointer.open()
  assert.equal(checkpointer.attached, true)
})

test('each confirmation is told on', () => {
  let told = 0
  const checkpointer = new SlotCheckpointer(() => told++)
  void checkpointer.checkpoint([at(1n)])
  void checkpointer.checkpoint([at(1n)])
  assert.equal(told, 2)
})
