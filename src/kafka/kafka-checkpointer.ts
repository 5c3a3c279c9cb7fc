import { PgstreamError } from '../errors.ts'
import { Confirmer } from '../pipeline/confirmer.ts'
import type { Checkpointer } from '../pipeline/contracts.ts'
import type { Position } from '../wal/position.ts'
import type { Assignment } from './assignment.ts'
import { isKafkaPosition } from './kafka-position.ts'
import type { KafkaPosition } from './kafka-position.ts'

/** Commits offsets; false when the group is dividing its partitions anew. Asks for them again at each attempt. */
export type CommitOffsets = (offsets: () => ReadonlyMap<number, bigint>) => Promise<boolean>

/** Commits the offset behind what is durable, of partitions that are still ours. */
export class KafkaCheckpointer implements Checkpointer {
  readonly #confirmer = new Confirmer()
  readonly #commit: CommitOffsets
  #assignments: ReadonlyMap<number, Assignment> = new Map()
  /** How often partitions were given out. */
  #times = 0
  #wake: (() => void)[] = []

  constructor(commit: CommitOffsets) {
    this.#commit = commit
  }

  /** From now on only positions of these assignments count, by partition. */
  assigned(assignments: ReadonlyMap<number, Assignment>): void {
    this.#assignments = new Map(assignments)
    this.#times++
    for (const wake of this.#wake.splice(0)) wake()
  }

  get attached(): boolean {
    return this.#confirmer.attached
  }

  open(): void {
    this.#confirmer.open()
  }

  /** @throws {PgstreamError} PGSTREAM_INTERNAL for a position of another source. */
  async checkpoint(positions: readonly Position[]): Promise<void> {
    const durable = positions.map((position) => {
      if (isKafkaPosition(position)) return position
      throw new PgstreamError(
        'PGSTREAM_INTERNAL',
        `Kafka cannot resume at a position of ${position.partition}`,
      )
    })
    const offsets = (): ReadonlyMap<number, bigint> => this.#offsetsOf(durable)
    while (offsets().size > 0) {
      const before = this.#times
      if (await this.#commit(offsets)) return
      // what is still ours after the division is still to be committed
      if (this.#times === before) await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  #offsetsOf(positions: readonly KafkaPosition[]): ReadonlyMap<number, bigint> {
    const ours = positions.filter(
      ({ assignment }) => this.#assignments.get(assignment.topicPartition) === assignment,
    )
    return new Map(ours.map(({ assignment, offset }) => [assignment.topicPartition, offset + 1n]))
  }

  close(): void {
    this.#confirmer.close()
  }

  /** Resolves when nothing will be confirmed any more: at once when nobody ever said that they would. */
  settled(): Promise<void> {
    return this.#confirmer.settled()
  }
}
