import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cutByBytes } from '../../../src/kafka/cut-by-bytes.ts'
import type { KafkaMessage } from '../../../src/kafka/kafka-client.ts'

const message = (bytes: number): KafkaMessage => ({
  partition: 0,
  key: Buffer.from('key'),
  value: Buffer.alloc(bytes),
  headers: { a: 'b' },
})

test('parts keep the order, hold everything, and none is larger than it may be', () => {
  const messages = Array.from({ length: 500 }, (_, n) => message((n * 7919) % 900))
  const parts = cutByBytes(messages, 5_000)
  assert.deepEqual(parts.flat(), messages)
  assert.ok(parts.length > 40 && parts.length < 120)
  for (const part of parts) {
    assert.ok(part.reduce((sum, { value }) => sum + value!.length + 3 + 2, 0) <= 5_000)
  }
})

test('a message that is too large is alone, and keeps its place', () => {
  const messages = [message(10), message(9_000), message(10), message(10)]
  assert.deepEqual(
    cutByBytes(messages, 5_000).map((part) => part.length),
    [1, 1, 2],
  )
})

test('nothing is cut into nothing, and a list that fits is not copied', () => {
  const messages = [message(10), message(10)]
  assert.deepEqual(cutByBytes([], 5_000), [])
  assert.equal(cutByBytes(messages, 5_000)[0], messages)
})
