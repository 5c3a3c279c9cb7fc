import { setTimeout as pause } from 'node:timers/promises'

export interface Rate {
  readonly perSecond: number
  readonly seconds: number
}

export const twoHundred: Rate = { perSecond: 200, seconds: 20 }

/** Each at its time, or at once when those before took longer. */
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
}

/** The start of the program is in the largest of them. */
export function tell(what: string, { perSecond }: Rate, latencies: readonly number[]): void {
  const all = latencies.toSorted((a, b) => a - b)
  const of = (part: number): string => all[Math.ceil(all.length * part) - 1]!.toFixed(2)
  console.log(
    `${what}, ${perSecond} tx/s, ${all.length} changes: p50 ${of(0.5)} ms, p90 ${of(0.9)} ms, p99 ${of(0.99)} ms`,
  )
}
