import assert from 'node:assert/strict'
import { test } from 'node:test'
import kafkajs from 'kafkajs'
import { partitionForKey } from '../../../src/kafka/partition-for-key.ts'
import { randomFrom } from '../../support/workload/random.ts'

test('keys go where the Java client sends them', () => {
  // of org.apache.kafka.common.utils.UtilsTest, made positive
  for (const [key, hash] of [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ] as const) {
    assert.equal(partitionForKey(Buffer.from(key), 0x7fffffff), (hash & 0x7fffffff) % 0x7fffffff, key)
  }
})

test('and where kafkajs sends them, of any length and any bytes', () => {
  const partitioner = kafkajs.Partitioners.DefaultPartitioner()
  const random = randomFrom(7)
  for (let n = 0; n < 2_000; n++) {
    const key = Buffer.from(Array.from({ length: 1 + (n % 40) }, () => random.int(256)))
    for (const partitions of [1, 3, 7, 64]) {
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
        partitionId,
        leader: 1,
        replicas: [],
        isr: [],
        partitionErrorCode: 0,
      }))
      const theirs = partitioner({ topic: 't', partitionMetadata, message: { key, value: null } })
      assert.equal(partitionForKey(key, partitions), theirs)
    }
  }
})
