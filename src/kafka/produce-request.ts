/** https://kafka.apache.org/protocol#The_Messages_Produce: the newest version before the flexible ones, since Kafka 2.1. */
export const produceKey = 0
export const produceVersion = 7

export interface ProduceRequest {
  readonly topic: string
  /** A record batch for each partition. */
  readonly batches: ReadonlyMap<number, Buffer>
  /** How long the broker may wait for the replicas. */
  readonly timeoutMs: number
}

export interface ProduceAnswer {
  /** An error code of the protocol for each partition; 0 is none. */
  readonly codes: ReadonlyMap<number, number>
  /** For so many milliseconds the broker wants to hear nothing. */
  readonly throttleMs: number
}

/** Every in-sync replica must have it. */
const acksOfAll = -1

/** What stands before the body of every request. */
export interface RequestHeader {
  readonly correlationId: number
  readonly clientId: string
}

const countBytes = 4

/** A whole request in pieces, for `writev`: its batches are not copied. */
export function encodeProduceRequest(request: ProduceRequest, header: RequestHeader): Buffer[] {
  const { topic, batches, timeoutMs } = request
  const client = Buffer.from(header.clientId)
  const name = Buffer.from(topic)
  const head = Buffer.alloc(
    countBytes + 8 + 2 + client.length + 8 + countBytes + 2 + name.length + countBytes,
  )
  let at = head.writeInt16BE(produceKey, countBytes)
  at = head.writeInt16BE(produceVersion, at)
  at = head.writeInt32BE(header.correlationId, at)
  at = writeText(head, at, client)
  at = head.writeInt16BE(-1, at) // no transaction
  at = head.writeInt16BE(acksOfAll, at)
  at = head.writeInt32BE(timeoutMs, at)
  at = head.writeInt32BE(1, at) // topics
  at = writeText(head, at, name)
  head.writeInt32BE(batches.size, at)
  const parts: Buffer[] = [head]
  let bytes = head.length - countBytes
  for (const [partition, batch] of batches) {
    const before = Buffer.alloc(8)
    before.writeInt32BE(partition, 0)
    before.writeInt32BE(batch.length, 4)
    parts.push(before, batch)
    bytes += before.length + batch.length
  }
  head.writeInt32BE(bytes, 0)
  return parts
}

function writeText(head: Buffer, at: number, text: Buffer): number {
  const begin = head.writeInt16BE(text.length, at)
  return begin + text.copy(head, begin)
}

/** Offset, time of the append, begin of the log: 8 bytes each. */
const bytesAfterCode = 24

export function decodeProduceAnswer(body: Buffer): ProduceAnswer {
  const codes = new Map<number, number>()
  let at = 4
  for (let topics = body.readInt32BE(0); topics > 0; topics--) {
    at += 2 + body.readInt16BE(at)
    let partitions = body.readInt32BE(at)
    at += 4
    for (; partitions > 0; partitions--) {
      codes.set(body.readInt32BE(at), body.readInt16BE(at + 4))
      at += 6 + bytesAfterCode
    }
  }
  return { codes, throttleMs: body.readInt32BE(at) }
}
