import { medians } from './measured.ts'
import type { Measured } from './measured.ts'
import type { Result } from './report.ts'
import type { Scenario } from './scenario.ts'
import type { Written } from './written.ts'

/**
 * Each scenario and its limit in turn, again and again: what the machine does meanwhile strikes both. Scenarios that share a
 * limit share its runs.
 */
export async function measure(
  scenarios: readonly Scenario[],
  written: Written,
  runs: number,
  say: (text: string) => void,
): Promise<Result[]> {
  const limits = [...new Set(scenarios.map(({ limit }) => limit))]
  const ours = new Map<Scenario, Measured[]>(scenarios.map((scenario) => [scenario, []]))
  const theirs = new Map(limits.map((limit) => [limit, [] as Measured[]]))
  for (let run = 1; run <= runs; run++) {
    for (const limit of limits) theirs.get(limit)!.push(await told(limit.name, limit.run))
    for (const scenario of scenarios) ours.get(scenario)!.push(await told(scenario.name, scenario.run))

    async function told(name: string, of: (written: Written) => Promise<Measured>): Promise<Measured> {
      const measured = await of(written)
      say(`${run}/${runs} ${name}: ${Math.round(measured.rows / measured.seconds)} rows/s`)
      return measured
    }
  }
  return scenarios.map((scenario) => {
    const own = medians(ours.get(scenario)!)
    const limit = medians(theirs.get(scenario.limit)!)
    return {
      scenario: scenario.name,
      workload: scenario.workload,
      limit: scenario.limit.name,
      ours: own,
      theirs: limit,
      ratio: own.rowsPerSecond / limit.rowsPerSecond,
      atLeast: scenario.atLeast,
      bounds: scenario.bounds,
    }
  })
}
