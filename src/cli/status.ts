import { readConfig } from '../config/read-config.ts'
import type { Program } from './program.ts'
import { statusLines } from './status-lines.ts'
import { slotUrl, statusReport } from './status-report.ts'

/** Exit code 0 when the slot, if there must be one, is there and usable, and the pgstream that was asked, if any, is ready. */
export const status: Program = async (flags) => {
  const read = readConfig({ flags, environment: process.env })
  const url = slotUrl(read)
  const { opsAddress } = read.config.telemetry
  const report = await statusReport(read, url)
  process.stdout.write(
    flags['json'] === true
      ? `${JSON.stringify(report)}\n`
      : `${statusLines(report, { url, asked: opsAddress !== undefined }).join('\n')}\n`,
  )
  return report.ok ? 0 : 1
}
