import { FetchedRecord } from './fetched-record.ts'
import { requireKafkajs } from './require-kafkajs.ts'

interface Decoder {
  offset: number
  readonly buffer: Buffer
}

type DecodeMessages = (decoder: Decoder) => Promise<unknown[]>

interface Compression {
  lookupCodecByAttributes(attributes: number): { decompress(bytes: Buffer): Promise<Buffer> } | null
}

/** Of a record batch: https://kafka.apache.org/documentation/#recordbatch */
const header = { length: 8, counted: 12, epoch: 12, magic: 16, attributes: 21, lastDelta: 23, firstTime: 27 }
const behind = { maxTime: 35, producer: 43, producerEpoch: 51, sequence: 53, count: 57, records: 61 }
const format = 2
const [brokersTime, transactional, control] = [0x08, 0x10, 0x20]

const path = 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js'

interface Runner {
  readonly eachBatch: object | null
  handleBatch: (this: Runner, batch: { messages: readonly unknown[] }) => Promise<void>
}

const takers = new WeakSet<object>()

/** An `eachBatch` that takes `FetchedRecord`s. */
export function takesRecords<Take extends object>(eachBatch: Take): Take {
  takers.add(eachBatch)
  return eachBatch
}

/**
 * Lets kafkajs read what it fetches by `FetchedRecord`: half of what a message took was its decoder. It loads the decoder when it
 * fetches for the first time in a process; one in which it has done so keeps the old one. Whoever else reads by kafkajs in this
 * process gets the objects that it always made.
 */
export function readRecordsOurselves(): void {
  const theirs = requireKafkajs(path) as DecodeMessages
  const module = requireKafkajs.cache[requireKafkajs.resolve(path)]
  if (module) module.exports = (decoder: Decoder) => decodeMessages(decoder, theirs)
  const { prototype } = requireKafkajs('kafkajs/src/consumer/runner.js') as { prototype: Runner }
  const { handleBatch } = prototype
  prototype.handleBatch = function (batch) {
    if (!this.eachBatch || !takers.has(this.eachBatch))
      batch.messages = batch.messages.map((message) =>
        message instanceof FetchedRecord ? message.plain : message,
      )
    return handleBatch.call(this, batch)
  }
}

export async function decodeMessages(decoder: Decoder, theirs: DecodeMessages): Promise<unknown[]> {
  const { buffer, offset } = decoder
  const start = offset + 4
  const end = start + buffer.readInt32BE(offset)
  // what is older than format 2, and what is not whole, is theirs
  if (end > buffer.length || start + behind.records > end || !isOurs(buffer, start, end))
    return theirs(decoder)
  decoder.offset = end
  const records: FetchedRecord[][] = []
  for (let at = start; at + behind.records <= end;) {
    const next = at + header.counted + buffer.readInt32BE(at + header.length)
    // the last one may be cut: it comes again
    if (next > end) break
    records.push(await recordsOf(buffer.subarray(at, next)))
    at = next
  }
  return records.length === 1 ? records[0]! : records.flat()
}

function isOurs(buffer: Buffer, start: number, end: number): boolean {
  for (let at = start; at + behind.records <= end;) {
    const length = buffer.readInt32BE(at + header.length)
    if (buffer[at + header.magic] !== format || length < behind.records - header.counted) return false
    at += header.counted + length
  }
  return true
}

async function recordsOf(batch: Buffer): Promise<FetchedRecord[]> {
  const attributes = batch.readInt16BE(header.attributes)
  const codec = (
    requireKafkajs('kafkajs/src/protocol/message/compression/index.js') as Compression
  ).lookupCodecByAttributes(attributes)
  const stored = batch.subarray(behind.records)
  const context = {
    firstOffset: String(batch.readBigInt64BE(0)),
    firstTimestamp: String(batch.readBigInt64BE(header.firstTime)),
    partitionLeaderEpoch: batch.readInt32BE(header.epoch),
    inTransaction: (attributes & transactional) !== 0,
    isControlBatch: (attributes & control) !== 0,
    lastOffsetDelta: batch.readInt32BE(header.lastDelta),
    producerId: String(batch.readBigInt64BE(behind.producer)),
    producerEpoch: batch.readInt16BE(behind.producerEpoch),
    firstSequence: batch.readInt32BE(behind.sequence),
    maxTimestamp: String(batch.readBigInt64BE(behind.maxTime)),
    timestampType: (attributes & brokersTime) === 0 ? 0 : 1,
    magicByte: format,
  } as const
  const bytes = codec === null || stored.length === 0 ? stored : await codec.decompress(stored)
  return FetchedRecord.all(context, bytes, batch.readInt32BE(behind.count))
}
