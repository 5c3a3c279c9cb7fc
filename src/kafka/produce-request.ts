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
  /** For so many milliseconds the broker wants to hear nothing; under the name by which kafkajs heeds it. */
  readonly clientSideThrottleTime: number
}

/** Every in-sync replica must have it. */
const acksOfAll = -1

/** The body of a request, without the header that all requests have. */
export function encodeProduceRequest({ topic, batches, timeoutMs }: ProduceRequest): Buffer {
  const name = Buffer.from(topic)
  const head = Buffer.alloc(2 + 2 + 4 + 4 + 2 + name.length + 4)
  let at = head.writeInt16BE(-1, 0) // no transaction
  at = head.writeInt16BE(acksOfAll, at)
  at = head.writeInt32BE(timeoutMs, at)
  at = head.writeInt32BE(1, at) // topics
  at = head.writeInt16BE(name.length, at)
  at += name.copy(head, at)
  head.writeInt32BE(batches.size, at)
  const parts: Buffer[] = [head]
  for (const [partition, batch] of batches) {
    const before = Buffer.alloc(8)
    before.writeInt32BE(partition, 0)
    before.writeInt32BE(batch.length, 4)
    parts.push(before, batch)
  }
  return Buffer.concat(parts)
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
  return { codes, clientSideThrottleTime: body.readInt32BE(at) }
}
