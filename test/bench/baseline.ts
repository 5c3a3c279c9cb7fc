import { readFile, writeFile } from 'node:fs/promises'
import type { Result } from './report.ts'

/** Of what there was before, so much has to be left. */
const mostLost = 0.15

/** By the name of the scenario: its ratio to its limit, on two quiet cores. Seconds differ from machine to machine, ratios less. */
export type Baseline = Readonly<Record<string, number>>

const path = new URL('baseline.json', import.meta.url)

export async function readBaseline(): Promise<Baseline> {
  return JSON.parse(await readFile(path, 'utf8')) as Baseline
}

/** Keeps what is known of scenarios that were not run. */
export async function writeBaseline(results: readonly Result[]): Promise<void> {
  const all = { ...(await readBaseline()), ...ratiosOf(results) }
  const sorted = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
  await writeFile(path, `${JSON.stringify(sorted, null, 2)}\n`)
}

const ratiosOf = (results: readonly Result[]): Baseline =>
  Object.fromEntries(results.map(({ scenario, ratio }) => [scenario, Math.round(ratio * 100) / 100]))

/** What lost more than 15 % of its ratio, and what nothing is known of, in words; none if all is well. */
export function lost(results: readonly Pick<Result, 'scenario' | 'ratio'>[], baseline: Baseline): string[] {
  return results.flatMap(({ scenario, ratio }) => {
    const before = baseline[scenario]
    if (before === undefined) return [`${scenario}: not in baseline.json; --baseline writes it`]
    if (ratio >= before * (1 - mostLost)) return []
    const part = Math.round((1 - ratio / before) * 100)
    return [`${scenario}: ratio ${ratio.toFixed(2)}, ${part} % less than ${before.toFixed(2)}`]
  })
}
