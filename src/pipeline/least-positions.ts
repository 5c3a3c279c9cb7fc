import type { Position } from '../wal/position.ts'

/**
 * What each of several sinks has confirmed, and from that what all of them have: per partition the least, and nothing as
 * long as one of them has said nothing of that partition.
 */
export class LeastPositions {
  readonly #sinks: number
  readonly #confirmed = new Map<string, (Position | undefined)[]>()
  readonly #taken = new Map<string, bigint>()
  readonly #fresh = new Map<string, Position>()

  constructor(sinks: number) {
    this.#sinks = sinks
  }

  /** The sink with this number, from 0, has everything up to these positions. What it had before, it keeps. */
  confirm(sink: number, positions: readonly Position[]): void {
    for (const position of positions) {
      const { partition, offset } = position
      const all =
        this.#confirmed.get(partition) ?? new Array<Position | undefined>(this.#sinks).fill(undefined)
      this.#confirmed.set(partition, all)
      const before = all[sink]
      if (before && before.offset >= offset) continue
      all[sink] = position
      const least = leastOf(all)
      if (least && least.offset > (this.#taken.get(partition) ?? -1n)) this.#fresh.set(partition, least)
    }
  }

  /** What all have and was not taken before: at most one position per partition. */
  take(): Position[] {
    if (this.#fresh.size === 0) return []
    const positions = [...this.#fresh.values()]
    for (const { partition, offset } of positions) this.#taken.set(partition, offset)
    this.#fresh.clear()
    return positions
  }
}

function leastOf(positions: readonly (Position | undefined)[]): Position | undefined {
  let least = positions[0]
  for (const position of positions) {
    if (!position || !least) return undefined
    if (position.offset < least.offset) least = position
  }
  return least
}
