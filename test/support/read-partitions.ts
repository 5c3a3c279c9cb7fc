import { isKafkaPosition } from '../../src/kafka/kafka-position.ts'
import type { ChangeEvent } from '../../src/wal/event.ts'

/**
 * Holds what was read of a topic against its offsets, which `fillTopic` made without gaps: a partition may go back, after a
 * crash or a division, but never pass over an offset.
 */
export class ReadPartitions {
  readonly problems: string[] = []
  readonly #next = new Map<number, number>()

  constructor(read: readonly ChangeEvent[]) {
    for (const { position } of read) {
      if (!position || !isKafkaPosition(position)) throw new Error('an event without a place in Kafka')
      const { topicPartition } = position.assignment
      const offset = Number(position.offset)
      const next = this.next(topicPartition)
      if (offset > next)
        this.problems.push(`offset ${offset} of partition ${topicPartition} came, not ${next}`)
      this.#next.set(topicPartition, Math.max(next, offset + 1))
    }
  }

  /** The first offset that was not read. */
  next(partition: number): number {
    return this.#next.get(partition) ?? 0
  }

  /** Different messages. */
  get total(): number {
    return [...this.#next.values()].reduce((sum, next) => sum + next, 0)
  }
}
