import assert from 'node:assert/strict'
import type { StatusReport } from '../../src/cli/status-report.ts'
import { pgstream } from './command.ts'
import { schemaOf } from './json-schema.ts'

const isReport = schemaOf('status')

/** Runs `status --json` and holds what its output promises, whatever it found. */
export async function statusOf(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<StatusReport> {
  const { code, stdout } = await pgstream(['status', '--json', ...args], { env })
  const report = JSON.parse(stdout) as StatusReport
  isReport(report)
  assert.equal(code, report.ok ? 0 : 1)
  return report
}
