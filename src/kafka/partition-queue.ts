import type { KafkaMessage } from './kafka-client.ts'

/** Messages of one partition that are sent as one record batch. */
export interface PartitionBatch {
  readonly messages: readonly KafkaMessage[]
  /** As it was sent: what is sent again must be the same. Null before the first time. */
  sent: { readonly sequence: number; readonly bytes: Buffer } | null
}

/** What is to be sent to one partition: batch after batch, the next when the one before it is durable. */
export class PartitionQueue {
  readonly partition: number
  readonly #batches: PartitionBatch[]

  constructor(partition: number, messages: readonly KafkaMessage[]) {
    this.partition = partition
    this.#batches = [{ messages, sent: null }]
  }

  get first(): PartitionBatch | null {
    return this.#batches[0] ?? null
  }

  /** The first is durable, or kept elsewhere. */
  shift(): void {
    this.#batches.shift()
  }

  /** The first was refused as a whole: its halves come in its place. */
  split(): void {
    const [{ messages }] = this.#batches.splice(0, 1) as [PartitionBatch]
    const half = Math.ceil(messages.length / 2)
    const parts = [messages.slice(0, half), messages.slice(half)]
    this.#batches.unshift(...parts.map((part) => ({ messages: part, sent: null })))
  }

  /** Nothing is sent as it was: the broker does not know the sender any more. */
  forget(): void {
    for (const batch of this.#batches) batch.sent = null
  }
}

/** In the order of the messages within each partition. */
export function queuesOf(messages: readonly KafkaMessage[]): PartitionQueue[] {
  const byPartition = new Map<number, KafkaMessage[]>()
  for (const message of messages) {
    const list = byPartition.get(message.partition)
    if (list) list.push(message)
    else byPartition.set(message.partition, [message])
  }
  return [...byPartition].map(([partition, list]) => new PartitionQueue(partition, list))
}
