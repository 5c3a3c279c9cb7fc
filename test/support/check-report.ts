import assert from 'node:assert/strict'
import { pgstream } from './command.ts'
import { schemaOf } from './json-schema.ts'

export interface CheckLine {
  readonly about: string
  readonly state: 'ok' | 'warning' | 'error'
  readonly says: string
  readonly remedy?: string
  readonly code?: string
}

export interface CheckReport {
  readonly ok: boolean
  readonly errors: number
  readonly warnings: number
  readonly results: readonly CheckLine[]
}

const isReport = schemaOf('check')

/** Runs `check --json` and holds what its output promises, whatever it found. */
export async function check(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CheckReport> {
  const { code, stdout, stderr } = await pgstream(['check', '--json', ...args], { env })
  const report = JSON.parse(stdout) as CheckReport
  isReport(report)
  assert.ok('results' in report, stdout)
  for (const { says } of report.results) assert.ok(says.endsWith('.'), says)
  const count = (state: string): number => report.results.filter((result) => result.state === state).length
  assert.deepEqual([report.errors, report.warnings], [count('error'), count('warning')])
  assert.equal(report.ok, report.errors === 0)
  assert.equal(code, report.ok ? 0 : 1)
  assert.doesNotMatch(stdout + stderr, /hush|postgres:postgres@/)
  return report
}

/** What is no `ok`: about what, and the code of an error. */
export const problemsOf = ({ results }: CheckReport): (string | undefined)[][] =>
  results.filter(({ state }) => state !== 'ok').map(({ about, code, state }) => [about, code ?? state])

export function lineOf({ results }: CheckReport, about: string): CheckLine {
  const found = results.find((each) => each.about === about)
  assert.ok(found, `${about} is among ${results.map((each) => each.about).join(', ')}`)
  return found
}
