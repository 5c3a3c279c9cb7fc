import type { ReceivedMessage } from './kafka-client.ts'

/** What the records of one batch have in common, named as kafkajs names it. */
export interface FetchedBatch {
  readonly firstOffset: string
  readonly firstTimestamp: string
  readonly partitionLeaderEpoch: number
  readonly inTransaction: boolean
  readonly isControlBatch: boolean
  readonly lastOffsetDelta: number
  readonly producerId: string
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly maxTimestamp: string
  /** 1: the broker's time, which all of them share. */
  readonly timestampType: 0 | 1
  readonly magicByte: number
}

type Header = Buffer | null | (Buffer | null)[]

/**
 * A record as a batch has it, read when somebody asks: what kafkajs itself looks at, and a message to us.
 * https://kafka.apache.org/documentation/#record
 */
export class FetchedRecord {
  readonly magicByte = 2
  readonly batchContext: FetchedBatch
  readonly #bytes: Buffer
  readonly #place: bigint
  readonly #start: number
  readonly #keyAt: number
  readonly #valueAt: number
  readonly #end: number

  private constructor(
    batch: FetchedBatch,
    bytes: Buffer,
    place: bigint,
    start: number,
    keyAt: number,
    valueAt: number,
    end: number,
  ) {
    this.batchContext = batch
    this.#bytes = bytes
    this.#place = place
    this.#start = start
    this.#keyAt = keyAt
    this.#valueAt = valueAt
    this.#end = end
  }

  /** `count` records that stand one behind the other. @throws {RangeError} when they do not. */
  static all(batch: FetchedBatch, bytes: Buffer, count: number): FetchedRecord[] {
    const first = BigInt(batch.firstOffset)
    const records: FetchedRecord[] = []
    reader.begin(bytes, 0)
    for (let i = 0; i < count; i++) {
      const length = reader.varint()
      const start = reader.at
      const end = start + length
      if (length <= 0 || end > bytes.length) throw cut()
      reader.at++ // attributes, of which none is used
      reader.skipVarint() // the time
      const place = first + BigInt(reader.varint())
      const keyAt = reader.at
      reader.skipBytes()
      const valueAt = reader.at
      reader.skipBytes()
      if (reader.at > end) throw cut()
      records.push(new FetchedRecord(batch, bytes, place, start, keyAt, valueAt, end))
      reader.at = end
    }
    return records
  }

  get attributes(): number {
    return this.#bytes.readInt8(this.#start)
  }

  get timestamp(): string {
    const { timestampType, maxTimestamp, firstTimestamp } = this.batchContext
    if (timestampType === 1 && maxTimestamp !== '0') return maxTimestamp
    reader.begin(this.#bytes, this.#start + 1)
    return String(BigInt(firstTimestamp) + reader.varlong())
  }

  get offset(): string {
    return String(this.#place)
  }

  get key(): Buffer | null {
    return bytesAt(this.#bytes, this.#keyAt)
  }

  get value(): Buffer | null {
    return bytesAt(this.#bytes, this.#valueAt)
  }

  /** The values of a name that is there several times are a list. */
  get headers(): Record<string, Header> {
    reader.begin(this.#bytes, this.#valueAt)
    reader.skipBytes()
    const headers = new Map<string, Header>()
    for (let left = reader.varint(); left > 0; left--) {
      const name = reader.bytes()!.toString('utf8')
      const value = reader.bytes()
      const before = headers.get(name)
      headers.set(
        name,
        before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value],
      )
    }
    if (reader.at > this.#end) throw cut()
    return Object.fromEntries(headers)
  }

  get isControlRecord(): boolean {
    return this.batchContext.isControlBatch
  }

  get message(): ReceivedMessage {
    return new ReceivedRecord(this, this.#place)
  }

  /** What kafkajs makes of it. */
  get plain(): object {
    const { magicByte, attributes, timestamp, offset, key, value, headers, isControlRecord, batchContext } =
      this
    return { magicByte, attributes, timestamp, offset, key, value, headers, isControlRecord, batchContext }
  }
}

class ReceivedRecord implements ReceivedMessage {
  readonly offset: bigint
  readonly #record: FetchedRecord

  constructor(record: FetchedRecord, offset: bigint) {
    this.#record = record
    this.offset = offset
  }

  get key(): Buffer | null {
    return this.#record.key
  }

  get value(): Buffer | null {
    return this.#record.value
  }

  get headers(): ReceivedMessage['headers'] {
    return this.#record.headers
  }
}

const moreFollows = 0x80
const mostOfVarint = 5
const mostOfVarlong = 10
const cut = (): RangeError => new RangeError('a record of Kafka is cut off')

/** Of zigzag numbers of varying length, and of bytes behind their length. */
class Reader {
  at = 0
  #bytes: Buffer = Buffer.alloc(0)

  begin(bytes: Buffer, at: number): void {
    this.#bytes = bytes
    this.at = at
  }

  varint(): number {
    let value = 0
    for (let i = 0; i < mostOfVarint; i++) {
      const byte = this.#byte()
      value |= (byte & 0x7f) << (7 * i)
      if (byte < moreFollows) return (value >>> 1) ^ -(value & 1)
    }
    throw cut()
  }

  varlong(): bigint {
    let value = 0n
    for (let i = 0n; i < mostOfVarlong; i++) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << (7n * i)
      if (byte < moreFollows) return (value >> 1n) ^ -(value & 1n)
    }
    throw cut()
  }

  skipVarint(): void {
    while (this.#byte() >= moreFollows);
  }

  skipBytes(): void {
    const length = this.varint()
    if (length > 0) this.at += length
  }

  bytes(): Buffer | null {
    const length = this.varint()
    if (length < 0) return null
    this.at += length
    if (this.at > this.#bytes.length) throw cut()
    return this.#bytes.subarray(this.at - length, this.at)
  }

  #byte(): number {
    if (this.at >= this.#bytes.length) throw cut()
    return this.#bytes[this.at++]!
  }
}

const reader = new Reader()

function bytesAt(bytes: Buffer, at: number): Buffer | null {
  reader.begin(bytes, at)
  return reader.bytes()
}
