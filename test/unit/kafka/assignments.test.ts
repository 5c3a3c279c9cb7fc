import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Assignments } from '../../../src/kafka/assignments.ts'

test('partitions that stay ours go on where they are, and keep their assignment', () => {
  const assignments = new Assignments()
  assert.deepEqual(assignments.assign([0, 1], false), new Map())
  const first = new Map(assignments.current)
  assignments.handedOn(0, 41n)
  assignments.handedOn(1, 9n)
  assert.deepEqual(assignments.assign([0, 2], true), new Map([[0, 42n]]))
  assert.equal(assignments.current.get(0), first.get(0))
  assert.deepEqual([...assignments.current.keys()], [0, 2])
})

test('a partition that was away begins anew: what was read of it before is not committed any more', () => {
  const assignments = new Assignments()
  assignments.assign([0], false)
  const first = assignments.current.get(0)
  assignments.handedOn(0, 41n)
  assignments.assign([], true)
  assert.deepEqual(assignments.assign([0], true), new Map())
  assert.notEqual(assignments.current.get(0), first)
  assert.equal(assignments.isNext(0, 5n), true)
})

test('so does everything after the group had lost this member', () => {
  const assignments = new Assignments()
  assignments.assign([0], false)
  const first = assignments.current.get(0)
  assignments.handedOn(0, 41n)
  assert.deepEqual(assignments.assign([0], false), new Map())
  assert.notEqual(assignments.current.get(0), first)
})

test('what was handed on is not handed on again', () => {
  const assignments = new Assignments()
  assignments.assign([0], false)
  assignments.handedOn(0, 41n)
  assert.deepEqual(
    [40n, 41n, 42n, 50n].map((offset) => assignments.isNext(0, offset)),
    [false, false, true, true],
  )
})
