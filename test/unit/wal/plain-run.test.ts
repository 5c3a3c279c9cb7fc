import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyRun, endOfRun } from '../../../src/wal/plain-run.ts'
import { randomFrom } from '../../support/workload/random.ts'

const isEscaped = (code: number): boolean => code < 0x20 || code === 0x22 || code === 0x5c

test('a run ends at the first byte that JSON escapes, wherever that is and whatever is before it', () => {
  const random = randomFrom(3)
  const plain = Array.from({ length: 256 }, (_, code) => code).filter((code) => !isEscaped(code))
  const around = Buffer.alloc(4096, '"')
  for (let i = 0; i < 5000; i++) {
    const from = random.int(64)
    const bytes = around.subarray(from, from + 100)
    for (let at = 0; at < bytes.length; at++) bytes[at] = random.pick(plain)
    const start = random.int(20)
    const end = 60 + random.int(40)
    if (random.chance(0.9)) bytes[start + random.int(70)] = random.int(256)
    const first = bytes.findIndex((code, at) => at >= start && at < end && isEscaped(code))
    const expected = first < 0 ? end : first
    assert.equal(endOfRun(bytes, start, end), expected)
    const out = Buffer.alloc(200)
    assert.equal(copyRun(out, 7, bytes, start, expected), 7 + expected - start)
    assert.deepEqual(out.subarray(7, 7 + expected - start), bytes.subarray(start, expected))
  }
})

test('a run of nothing ends where it begins', () => {
  assert.equal(endOfRun(Buffer.from('abc'), 3, 3), 3)
  assert.equal(endOfRun(Buffer.alloc(0), 0, 0), 0)
})
