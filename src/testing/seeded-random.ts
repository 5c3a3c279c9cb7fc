/**
 * Numbers from 0 up to 1 that follow from a seed alone, the same on every machine: the generator known as mulberry32,
 * 32 bits of state, all of which the seed sets.
 */
export function seededRandom(seed: number): () => number {
  // neighbouring seeds would begin alike
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
