import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { FetchedRecord } from '../../../src/kafka/fetched-record.ts'
import type { KafkaMessage } from '../../../src/kafka/kafka-client.ts'
import { decodeMessages } from '../../../src/kafka/read-records.ts'
import { compressedBatch, encodeRecordBatch } from '../../../src/kafka/record-batch.ts'
import { randomFrom } from '../../support/workload/random.ts'

const require = createRequire(import.meta.url)

interface Decoder {
  offset: number
  readonly buffer: Buffer
}

const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => Decoder
const theirBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (
  of: Decoder,
) => Promise<{ records: object[] }>
const notTheirs = (): Promise<never> => Promise.reject(new Error('left to kafkajs'))

function batch(count: number, sequence: number): Buffer {
  const random = randomFrom(count)
  const bytes = (): Buffer =>
    Buffer.from(Array.from({ length: random.pick([0, 1, 63, 64, 500, 8_192]) }, () => random.int(256)))
  const messages: KafkaMessage[] = Array.from({ length: count }, () => ({
    partition: 0,
    key: random.chance(0.2) ? null : bytes(),
    value: random.chance(0.1) ? null : bytes(),
    headers: {
      ...(random.chance(0.8) ? { lsn: '0/1A2B' } : {}),
      ...(random.chance(0.5) ? { 'größer ✓': 'Wert ✓'.repeat(random.int(40)) } : {}),
    },
  }))
  const encoded = encodeRecordBatch(
    messages,
    { producerId: 5n, producerEpoch: 1, sequence },
    1_795_000_000_123,
  )
  encoded.writeBigInt64BE(2n ** 40n + BigInt(sequence), 0) // as a broker does
  return encoded
}

const fetched = (...batches: readonly Buffer[]): Decoder => {
  const bytes = Buffer.concat(batches)
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes.length)
  return new Decoder(Buffer.concat([length, bytes]))
}

const plain = (records: readonly unknown[]): object[] =>
  records.map((record) => {
    assert.ok(record instanceof FetchedRecord)
    return record.plain
  })

test('records are what the decoder of kafkajs makes of them, field by field', async () => {
  for (const count of [1, 2, 64, 300]) {
    const first = batch(count, 0)
    const second = await compressedBatch(batch(count, count), promisify(gzip))
    const expected = [
      ...(await theirBatch(new Decoder(first))).records,
      ...(await theirBatch(new Decoder(second))).records,
    ]
    const decoder = fetched(first, second)
    const records = await decodeMessages(decoder, notTheirs)
    assert.deepEqual(plain(records), expected)
    assert.equal(decoder.offset, decoder.buffer.length)
    for (const record of records as FetchedRecord[]) {
      const { offset, key, value, headers } = record.message
      const fields = { offset: String(offset), key, value, headers }
      assert.deepEqual(fields, {
        offset: record.offset,
        key: record.key,
        value: record.value,
        headers: record.headers,
      })
    }
  }
})

test('a batch that is not there to its end is left for the next time', async () => {
  const [first, second] = [batch(3, 0), batch(5, 3)]
  for (const length of [61, 100, second.length - 1])
    assert.equal((await decodeMessages(fetched(first, second.subarray(0, length)), notTheirs)).length, 3)
  assert.equal((await decodeMessages(fetched(first, second), notTheirs)).length, 8)
})

test('older formats, and what is no batch, are left to kafkajs', async () => {
  const old = batch(3, 0)
  old[16] = 1
  await assert.rejects(decodeMessages(fetched(old), notTheirs), /left to kafkajs/)
  await assert.rejects(decodeMessages(fetched(), notTheirs), /left to kafkajs/)
})

test('records that reach beyond their batch are an error, not messages', async () => {
  const random = randomFrom(7)
  for (let i = 0; i < 300; i++) {
    const bytes = batch(5, 0)
    // what lies behind the header, whose checksum nobody looks at
    bytes[61 + random.int(bytes.length - 61)] = random.int(256)
    try {
      const records = await decodeMessages(fetched(bytes), notTheirs)
      assert.equal(records.length, 5)
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error))
    }
  }
})

test('headers of any name are kept as they were, none and several of a name, too', async () => {
  const headers = { ['__proto__']: Buffer.from('a'), several: [Buffer.from('b'), null], none: null }
  const message = { partition: 0, key: null, value: null, headers }
  const again = [message]
  for (let i = 0; i < 2; i++) {
    const encoded = encodeRecordBatch(again, { producerId: 5n, producerEpoch: 1, sequence: 0 }, 0)
    const [record] = (await decodeMessages(fetched(encoded), notTheirs)) as FetchedRecord[]
    assert.deepEqual(Object.entries(record!.headers), Object.entries(headers))
    again[0] = { ...message, headers: { ...record!.message.headers } as typeof headers }
  }
})
