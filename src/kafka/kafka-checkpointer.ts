import { PgstreamError } from '../errors.ts'
import { Confirmer } from '../pipeline/confirmer.ts'
import type { Checkpointer } from '../pipeline/contracts.ts'
import type { Position } from '../wal/position.ts'

/** Of a message: its offset, and by which assignment of its partition it was read. */
export interface KafkaPosition extends Position {
  readonly topicPartition: number
  readonly assignment: number
}

/** One for each assignment: what an earlier one still confirms is somebody else's to decide. */
export const kafkaPosition = (topicPartition: number, assignment: number, offset: bigint): KafkaPosition => ({
  partition: `${topicPartition}#${assignment}`,
  offset,
  topicPartition,
  assignment,
})

/** Commits the offset behind what is durable, of partitions that are still ours. */
export class KafkaCheckpointer implements Checkpointer {
  readonly #confirmer = new Confirmer()
  readonly #commit: (offsets: ReadonlyMap<number, bigint>) => Promise<void>
  #assignments: ReadonlyMap<number, number> = new Map()

  constructor(commit: (offsets: ReadonlyMap<number, bigint>) => Promise<void>) {
    this.#commit = commit
  }

  /** From now on only positions of these assignments count, by partition. */
  assigned(assignments: ReadonlyMap<number, number>): void {
    this.#assignments = new Map(assignments)
  }

  get attached(): boolean {
    return this.#confirmer.attached
  }

  open(): void {
    this.#confirmer.open()
  }

  /** @throws {PgstreamError} PGSTREAM_INTERNAL for a position of another source. */
  async checkpoint(positions: readonly Position[]): Promise<void> {
    const offsets = new Map<number, bigint>()
    for (const position of positions) {
      if (!isKafkaPosition(position)) {
        throw new PgstreamError(
          'PGSTREAM_INTERNAL',
          `Kafka cannot resume at a position of ${position.partition}`,
        )
      }
      if (this.#assignments.get(position.topicPartition) !== position.assignment) continue
      offsets.set(position.topicPartition, position.offset + 1n)
    }
    if (offsets.size > 0) await this.#commit(offsets)
  }

  close(): void {
    this.#confirmer.close()
  }

  /** Resolves when nothing will be confirmed any more: at once when nobody ever said that they would. */
  settled(): Promise<void> {
    return this.#confirmer.settled()
  }
}

const isKafkaPosition = (position: Position): position is KafkaPosition => 'assignment' in position
