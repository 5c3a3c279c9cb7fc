import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { MemoryGuard } from '../../../src/webhook/memory-guard.ts'
import { Supply } from '../../../src/webhook/supply.ts'

const mebibyte = 1024 * 1024

function queueOf(...urls: string[]) {
  const owner = new Writable()
  const subscribed = { urls: new Set(urls) }
  const supply = new Supply(
    () => subscribed.urls,
    () => memory.hungry(),
  )
  const memory = new MemoryGuard(owner, 100 * mebibyte, () => supply.isEnough)
  let drained = 0
  owner.on('drain', () => drained++)
  memory.open()
  return { owner, subscribed, supply, memory, drained: () => drained }
}

test('when every URL that is subscribed has enough to do, no more than half a megabyte is read ahead', () => {
  const { owner, subscribed, supply, memory, drained } = queueOf('a', 'b')
  memory.add(10 * mebibyte)
  supply.supplied('a')
  assert.ok(!owner.writableNeedDrain, 'b may have to wait for what was not read yet')
  assert.equal(owner.writableHighWaterMark, 100 * mebibyte)
  supply.supplied('b')
  assert.ok(owner.writableNeedDrain)
  assert.equal(owner.writableHighWaterMark, mebibyte / 2)
  memory.release(mebibyte)
  assert.equal(drained(), 0)
  supply.hungry('a')
  assert.equal(drained(), 1)
  assert.ok(!owner.writableNeedDrain)
  supply.supplied('a')
  assert.ok(owner.writableNeedDrain)
  memory.release(8.75 * mebibyte)
  assert.equal(drained(), 2, 'little is left, although both have many')
  memory.add(6 * mebibyte)
  subscribed.urls = new Set(['a', 'b', 'c'])
  assert.ok(!owner.writableNeedDrain, 'c came')
  subscribed.urls = new Set(['b'])
  assert.ok(owner.writableNeedDrain)
  subscribed.urls = new Set()
  assert.ok(!owner.writableNeedDrain, 'nothing is wanted: what comes takes no room')
})

test('whoever waits for more is read for up to the whole queue', () => {
  const { owner, supply, memory, drained } = queueOf('slow', 'rarely meant')
  supply.supplied('slow')
  memory.add(99 * mebibyte)
  assert.ok(!owner.writableNeedDrain)
  memory.add(mebibyte)
  assert.ok(owner.writableNeedDrain)
  memory.release(9 * mebibyte)
  assert.equal(drained(), 0)
  memory.release(2 * mebibyte)
  assert.equal(drained(), 1)
})
