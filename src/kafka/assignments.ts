import { Assignment } from './assignment.ts'

/**
 * Which partitions are ours, and how far each was handed on. Every time the group gives out its partitions, those that are
 * new to us, or may have been read by somebody else meanwhile, get a new assignment: what was read under an older one is not
 * committed any more.
 */
export class Assignments {
  #current: ReadonlyMap<number, Assignment> = new Map()
  readonly #next = new Map<number, bigint>()
  #count = 0

  /** By partition. */
  get current(): ReadonlyMap<number, Assignment> {
    return this.#current
  }

  /** Gives the offsets to go on at, of partitions that stayed ours. */
  assign(partitions: readonly number[], continued: boolean): ReadonlyMap<number, bigint> {
    for (const [partition, assignment] of this.#current) {
      if (continued && partitions.includes(partition)) continue
      assignment.end()
      this.#next.delete(partition)
    }
    const before = this.#current
    this.#current = new Map(
      partitions.map((partition) => {
        const known = before.get(partition)
        return [partition, known && !known.isOver ? known : new Assignment(partition, ++this.#count)]
      }),
    )
    return new Map(this.#next)
  }

  /** False for what was handed on already. */
  isNext(partition: number, offset: bigint): boolean {
    const next = this.#next.get(partition)
    return next === undefined || offset >= next
  }

  handedOn(partition: number, offset: bigint): void {
    this.#next.set(partition, offset + 1n)
  }
}
