/**
 * Which partitions are ours, and how far each was handed on. Every time the group gives out its partitions, those that are
 * new to us, or may have been read by somebody else meanwhile, get a new number: what was read under an older one is not
 * committed any more.
 */
export class Assignments {
  #current: ReadonlyMap<number, number> = new Map()
  readonly #next = new Map<number, bigint>()
  #count = 0

  /** By partition, the number of its assignment. */
  get current(): ReadonlyMap<number, number> {
    return this.#current
  }

  /** Gives the offsets to go on at, of partitions that stayed ours. */
  assign(partitions: readonly number[], continued: boolean): ReadonlyMap<number, bigint> {
    const before = continued ? this.#current : new Map<number, number>()
    for (const partition of [...this.#next.keys()]) {
      if (!before.has(partition) || !partitions.includes(partition)) this.#next.delete(partition)
    }
    this.#current = new Map(
      partitions.map((partition) => [partition, before.get(partition) ?? ++this.#count]),
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
