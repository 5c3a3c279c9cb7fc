import { seededRandom } from '../../../src/testing/seeded-random.ts'

/** Numbers that follow from a seed alone, the same on every machine. */
export interface Random {
  /** From 0 to `below` - 1. */
  int(below: number): number
  /** From `from` to `to`, both possible. */
  between(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** One of the items, each as likely as its weight says. */
  weighted<T>(items: readonly (readonly [weight: number, item: T])[]): T
  /** `count` different items, or all, in random order. */
  some<T>(items: readonly T[], count: number): T[]
}

export function randomFrom(seed: number): Random {
  const next = seededRandom(seed)
  const int = (below: number): number => Math.floor(next() * below)
  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new RangeError('nothing to pick from')
    return items[int(items.length)]!
  }
  return {
    int,
    pick,
    between: (from, to) => from + int(to - from + 1),
    chance: (probability) => next() < probability,
    weighted: (items) => {
      let left = next() * items.reduce((sum, [weight]) => sum + weight, 0)
      return (items.find(([weight]) => (left -= weight) < 0) ?? items.at(-1)!)[1]
    },
    some: (items, count) => {
      const rest = [...items]
      return Array.from({ length: Math.min(count, items.length) }, () => rest.splice(int(rest.length), 1)[0]!)
    },
  }
}
