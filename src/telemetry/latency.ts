/** Buckets of which each is an eighth of an octave wide: a percentile is right within a tenth. */
const perOctave = 8
/** Up to four days, in milliseconds. */
const bucketCount = 28 * perOctave + 1
const slotMs = 10_000
const slotCount = 6

/** How long something took, at these shares of all cases, in milliseconds. */
export interface Percentiles {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

interface Slot {
  readonly counts: Uint32Array
  count: number
  max: number
  /** Which ten seconds, counted from the beginning of time. */
  era: number
}

/** Durations of the last minute, in buckets: to add one costs nanoseconds, and the memory stays what it is. */
export class Latency {
  readonly #slots: readonly Slot[] = Array.from({ length: slotCount }, () => ({
    counts: new Uint32Array(bucketCount),
    count: 0,
    max: 0,
    era: -1,
  }))
  readonly #now: () => number

  /** `now` gives milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** A duration in milliseconds; one below zero, from a clock that is ahead, counts as zero. */
  add(ms: number): void {
    const slot = this.#slotNow()
    const duration = Math.max(0, ms)
    const bucket = bucketOf(duration)
    slot.counts[bucket] = (slot.counts[bucket] ?? 0) + 1
    slot.count++
    if (duration > slot.max) slot.max = duration
  }

  /** Of the last minute; null when there was nothing in it. */
  percentiles(): Percentiles | null {
    const oldest = this.#eraNow() - slotCount
    const slots = this.#slots.filter(({ era }) => era > oldest)
    const count = slots.reduce((sum, slot) => sum + slot.count, 0)
    if (count === 0) return null
    const max = Math.max(...slots.map((slot) => slot.max))
    const at = (share: number): number => Math.min(max, valueAt(slots, Math.ceil(count * share)))
    return { count, p50: at(0.5), p95: at(0.95), p99: at(0.99), max }
  }

  #eraNow(): number {
    return Math.floor(this.#now() / slotMs)
  }

  #slotNow(): Slot {
    const era = this.#eraNow()
    const slot = this.#slots[era % slotCount]!
    if (slot.era === era) return slot
    slot.era = era
    slot.counts.fill(0)
    slot.count = 0
    slot.max = 0
    return slot
  }
}

const bucketOf = (ms: number): number =>
  ms < 1 ? 0 : Math.min(bucketCount - 1, 1 + Math.floor(Math.log2(ms) * perOctave))

/** The middle of the bucket in which the n-th shortest lies. */
function valueAt(slots: readonly Slot[], n: number): number {
  let passed = 0
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    for (const { counts } of slots) passed += counts[bucket]!
    if (passed >= n) return bucket === 0 ? 0.5 : 2 ** ((bucket - 0.5) / perOctave)
  }
  return Infinity
}
