import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { KafkaMessage } from '../../../src/kafka/kafka-client.ts'
import type { HeaderValue } from '../../../src/kafka/message-headers.ts'
import { crc32c } from '../../../src/kafka/crc32c.ts'
import { compressedBatch, encodeRecordBatch } from '../../../src/kafka/record-batch.ts'
import { randomFrom } from '../../support/workload/random.ts'

const require = createRequire(import.meta.url)

interface Decoded {
  readonly firstOffset: string
  readonly producerId: string
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly firstTimestamp: string
  readonly lastOffsetDelta: number
  readonly records: readonly {
    readonly offset: string
    readonly key: Buffer | null
    readonly value: Buffer | null
    readonly headers: Record<string, Buffer>
  }[]
}

function decoded(header: HeaderValue | readonly HeaderValue[]): unknown {
  if (typeof header === 'string') return Buffer.from(header)
  return header === null || Buffer.isBuffer(header) ? header : header.map(decoded)
}

/** By the decoder of kafkajs, which shares no code with ours. */
async function decode(batch: Buffer): Promise<Decoded> {
  const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => object
  const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (
    of: object,
  ) => Promise<Decoded>
  return decodeBatch(new Decoder(batch))
}

const identity = { producerId: 2n ** 53n + 1n, producerEpoch: 7, sequence: 2 ** 31 - 3 }
const timestamp = 1_795_000_000_123

function randomMessages(count: number): KafkaMessage[] {
  const random = randomFrom(count)
  const bytes = (): Buffer =>
    Buffer.from(Array.from({ length: random.pick([0, 1, 63, 64, 500, 8_192]) }, () => random.int(256)))
  return Array.from({ length: count }, () => ({
    partition: 0,
    key: random.chance(0.2) ? null : bytes(),
    value: random.chance(0.1) ? null : bytes(),
    headers: {
      ...(random.chance(0.8) ? { lsn: '0/1A2B' } : {}),
      ...(random.chance(0.5) ? { 'größer ✓': 'Wert ✓'.repeat(random.int(40)) } : {}),
      ...(random.chance(0.3) ? { bytes: bytes() } : {}),
      ...(random.chance(0.3) ? { several: [bytes(), null, 'ä'] } : {}),
      ...(random.chance(0.3) ? { empty: null } : {}),
      none: undefined,
    },
  }))
}

for (const compression of ['none', 'gzip'] as const) {
  test(`another decoder reads what was encoded (${compression})`, async () => {
    for (const count of [1, 2, 63, 64, 65, 300]) {
      const messages = randomMessages(count)
      const plain = encodeRecordBatch(messages, identity, timestamp)
      const batch = compression === 'gzip' ? await compressedBatch(plain, promisify(gzip)) : plain
      assert.equal(batch.readInt32BE(8), batch.length - 12)
      assert.equal(batch.readUInt32BE(17), crc32c(batch.subarray(21)))
      const read = await decode(batch)
      assert.equal(read.producerId, String(identity.producerId))
      assert.equal(read.producerEpoch, 7)
      assert.equal(read.firstSequence, identity.sequence)
      assert.equal(read.firstTimestamp, String(timestamp))
      assert.equal(read.lastOffsetDelta, count - 1)
      assert.deepEqual(
        read.records.map(({ offset, key, value, headers }) => ({
          offset,
          key,
          value,
          headers: { ...headers },
        })),
        messages.map(({ key, value, headers }, i) => ({
          offset: String(i),
          key,
          value,
          headers: Object.fromEntries(
            Object.entries(headers).flatMap(([name, header]) =>
              header === undefined ? [] : [[name, decoded(header)]],
            ),
          ),
        })),
      )
    }
  })
}
