import { setTimeout as pause } from 'node:timers/promises'

export interface Rate {
  readonly perSecond: number
  readonly seconds: number
}

export const twoHundred: Rate = { perSecond: 200, seconds: 30 }

/** Each at its time, or at once when those before took longer. Says when that made it slower, by the exit code, too. */
export async function atRate(
  { perSecond, seconds }: Rate,
  transaction: (id: number) => Promise<unknown>,
): Promise<void> {
  const begun = performance.now()
  for (let id = 0; id < perSecond * seconds; id++) {
    const due = begun + (id * 1000) / perSecond
    if (due > performance.now()) await pause(due - performance.now())
    await transaction(id)
  }
  const reached = (perSecond * seconds * 1000) / (performance.now() - begun)
  if (reached >= 0.98 * perSecond) return
  console.log(`only ${reached.toFixed(0)} tx/s were written`)
  process.exitCode = 1
}

/** Milliseconds, at most. */
export interface Promised {
  readonly p50: number
  readonly p99?: number
}

/** The start of the program is in the largest of them. A line for people, one of JSON; the exit code says what was missed. */
export function tell(
  what: string,
  { perSecond }: Rate,
  latencies: readonly number[],
  promised?: Promised,
): void {
  const all = latencies.toSorted((a, b) => a - b)
  const of = (part: number): number => all[Math.ceil(all.length * part) - 1]!
  const [p50, p90, p99] = [of(0.5), of(0.9), of(0.99)]
  const isMissed = promised !== undefined && (p50 > promised.p50 || p99 > (promised.p99 ?? Infinity))
  if (isMissed) process.exitCode = 1
  const told = `p50 ${p50.toFixed(2)} ms, p90 ${p90.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`
  console.log(`${what}, ${perSecond} tx/s, ${all.length} changes: ${told}${isMissed ? ': missed' : ''}`)
  console.log(JSON.stringify({ latency: what, perSecond, changes: all.length, p50, p90, p99, promised }))
}
