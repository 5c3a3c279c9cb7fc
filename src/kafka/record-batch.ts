import { ChangeMessage } from './change-message.ts'
import { crc32c } from './crc32c.ts'
import type { KafkaMessage } from './kafka-client.ts'
import { headerFields } from './message-headers.ts'
import type { HeaderValue } from './message-headers.ts'
import { lengthenedText, varintBytes, writeVarint } from './varint.ts'

/** Who sends a batch, and which one it is: by this a broker knows one that it already has. */
export interface BatchIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** Of the first record; the others follow. */
  readonly sequence: number
}

/** The header of a batch, up to its records. */
const batchHeaderBytes = 61
/** Where its length stands, and what comes before that is counted by it. */
const lengthAt = 8
const countedFrom = 12
const crcAt = 17
/** From here on everything is in the checksum. */
const checkedFrom = 21
const formatVersion = 2

/**
 * A record batch of format 2, uncompressed: https://kafka.apache.org/documentation/#recordbatch. `timestamp` is
 * milliseconds since 1970; `take` gives the memory.
 */
export function encodeRecordBatch(
  messages: readonly KafkaMessage[],
  identity: BatchIdentity,
  timestamp: number,
  take: (bytes: number) => Buffer = (bytes) => Buffer.allocUnsafe(bytes),
): Buffer {
  const sizes = new Int32Array(messages.length)
  let total = batchHeaderBytes
  for (let i = 0; i < messages.length; i++) {
    const size = (sizes[i] = recordBytes(messages[i]!, i))
    total += varintBytes(size) + size
  }
  const batch = take(total)
  let at = batchHeaderBytes
  for (let i = 0; i < messages.length; i++) at = writeRecord(batch, at, messages[i]!, i, sizes[i]!)
  return withHeader(batch, { count: messages.length, attributes: 0, identity, timestamp })
}

const gzipAttribute = 1

/** The same batch with its records compressed. */
export async function compressedBatch(
  batch: Buffer,
  compress: (records: Buffer) => Promise<Buffer>,
): Promise<Buffer> {
  const records = await compress(batch.subarray(batchHeaderBytes))
  const compressed = Buffer.concat([batch.subarray(0, batchHeaderBytes), records])
  compressed.writeInt16BE(gzipAttribute, checkedFrom)
  return withSums(compressed)
}

interface BatchHeader {
  readonly count: number
  readonly attributes: number
  readonly identity: BatchIdentity
  readonly timestamp: number
}

function withHeader(batch: Buffer, { count, attributes, identity, timestamp }: BatchHeader): Buffer {
  batch.writeBigInt64BE(0n, 0) // the broker gives the offsets
  batch.writeInt32BE(-1, countedFrom) // of the leader: unknown
  batch.writeInt8(formatVersion, 16)
  batch.writeInt16BE(attributes, checkedFrom)
  batch.writeInt32BE(count - 1, 23)
  batch.writeBigInt64BE(BigInt(timestamp), 27)
  batch.writeBigInt64BE(BigInt(timestamp), 35)
  batch.writeBigInt64BE(identity.producerId, 43)
  batch.writeInt16BE(identity.producerEpoch, 51)
  batch.writeInt32BE(identity.sequence, 53)
  batch.writeInt32BE(count, 57)
  return withSums(batch)
}

function withSums(batch: Buffer): Buffer {
  batch.writeInt32BE(batch.length - countedFrom, lengthAt)
  batch.writeUInt32BE(crc32c(batch, checkedFrom), crcAt)
  return batch
}

/** attributes, and the distance to the first timestamp: all have the same */
const fixedBytes = 2

function recordBytes(message: KafkaMessage, offset: number): number {
  if (message instanceof ChangeMessage) {
    const { key, start, valueEnd, end, apart } = message
    return (
      fixedBytes +
      varintBytes(offset) +
      fieldBytes(key) +
      varintBytes(valueEnd - start) +
      (end - start) +
      (apart?.length ?? 0)
    )
  }
  const { key, value, headers } = message
  let bytes = fixedBytes + varintBytes(offset) + fieldBytes(key) + fieldBytes(value)
  const fields = headerFields(headers)
  for (const [name, header] of fields) bytes += nameBytes(name).length + headerBytes(header)
  return bytes + varintBytes(fields.length)
}

function writeRecord(
  batch: Buffer,
  start: number,
  message: KafkaMessage,
  offset: number,
  size: number,
): number {
  let at = writeVarint(batch, start, size)
  batch[at++] = 0
  batch[at++] = 0
  at = writeVarint(batch, at, offset)
  at = writeField(batch, at, message.key)
  if (message instanceof ChangeMessage) {
    const { memory, start: from, valueEnd, end, apart } = message
    at = writeVarint(batch, at, valueEnd - from)
    at += memory.copy(batch, at, from, end)
    return apart === null ? at : writeBytes(batch, at, apart)
  }
  const { value, headers } = message
  at = writeField(batch, at, value)
  const fields = headerFields(headers)
  at = writeVarint(batch, at, fields.length)
  for (const [name, header] of fields) {
    at = writeBytes(batch, at, nameBytes(name))
    at = typeof header === 'string' ? writeText(batch, at, header) : writeField(batch, at, header)
  }
  return at
}

/** Bytes with their length before them; none at all are a length of -1. */
const fieldBytes = (bytes: Buffer | null): number =>
  bytes === null ? 1 : varintBytes(bytes.length) + bytes.length

function headerBytes(header: HeaderValue): number {
  if (typeof header !== 'string') return fieldBytes(header)
  const bytes = textBytes(header)
  return varintBytes(bytes) + bytes
}

function writeField(batch: Buffer, at: number, bytes: Buffer | null): number {
  if (bytes !== null) return writeBytes(batch, writeVarint(batch, at, bytes.length), bytes)
  batch[at] = 1
  return at + 1
}

function writeBytes(batch: Buffer, at: number, bytes: Buffer): number {
  batch.set(bytes, at)
  return at + bytes.length
}

/** Most headers are short and ASCII: a call into the runtime would cost more than they do. */
function textBytes(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text)
  return text.length
}

function writeText(batch: Buffer, start: number, text: string): number {
  const bytes = textBytes(text)
  const at = writeVarint(batch, start, bytes)
  if (bytes === text.length) for (let i = 0; i < bytes; i++) batch[at + i] = text.charCodeAt(i)
  else batch.write(text, at, 'utf8')
  return at + bytes
}

/** Names are few. With the length before them. */
const names = new Map<string, Buffer>()
const mostNames = 1_000

function nameBytes(name: string): Buffer {
  const known = names.get(name)
  if (known) return known
  const bytes = lengthenedText(name)
  if (names.size < mostNames) names.set(name, bytes)
  return bytes
}
