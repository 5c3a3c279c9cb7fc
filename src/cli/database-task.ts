import { readConfig } from '../config/read-config.ts'
import { parsePostgresUrl, redactUrl } from '../postgres/postgres-url.ts'
import type { ReportStep, Step } from '../postgres/step.ts'
import type { CommandLogger } from '../telemetry/pino-logger.ts'
import { commandLogger } from './command-logger.ts'
import { interruptible } from './interruptible.ts'
import type { Flags } from './parse-arguments.ts'
import { printError } from './print-error.ts'
import { defaultSourceUrl, findSourceUrl } from './source-url.ts'
import type { SourceUrl } from './source-url.ts'
import { styled } from './styled.ts'

export interface DatabaseTarget {
  readonly source: SourceUrl
  readonly slotName: string | undefined
}

/** What `init` and `tear-down` differ in. */
export interface DatabaseTask<Report extends object> {
  readonly name: 'init' | 'tear-down'
  /** `Preparing`, before the name of the database. */
  readonly doing: string
  readonly work: (options: {
    url: string
    slotName: string | undefined
    report: ReportStep
    signal: AbortSignal
  }) => Promise<Report>
  /** What is true now and what to do next. */
  readonly closing: (report: Report, target: DatabaseTarget) => string
}

/** The database that a command works on, and a log for what is strange about the settings. */
export function readTarget(flags: Flags): { target: DatabaseTarget; logger: CommandLogger } {
  const read = readConfig({ flags, environment: process.env })
  const source = findSourceUrl(read) ?? defaultSourceUrl
  return { target: { source, slotName: read.config.postgresListener.slotName }, logger: commandLogger(read) }
}

/** Runs the task and tells its steps as they happen, or everything as one JSON object at the end. */
export async function runDatabaseTask<Report extends object>(
  { name, doing, work, closing }: DatabaseTask<Report>,
  flags: Flags,
): Promise<number> {
  const { target, logger } = readTarget(flags)
  const { source, slotName } = target
  const json = flags['json'] === true
  parsePostgresUrl(source.url) // a wrong one is told before anything else
  const say = (line: string): void => void (json || process.stdout.write(`${line}\n`))
  say(`${doing} ${styled('strong', redactUrl(source.url), process.stdout)} (${source.from})`)
  try {
    const report = await interruptible(
      name,
      (signal) => work({ url: source.url, slotName, report: (step) => say(formatStep(step)), signal }),
      (error) => printError(error, { json }),
    )
    say(closing(report, target))
    if (json) process.stdout.write(`${JSON.stringify({ ok: true, ...report })}\n`)
    return 0
  } catch (error) {
    logger.debug({ error }, `${name} failed`)
    throw error
  }
}

const marks = {
  done: ['✓', 'good'],
  already: ['=', 'dim'],
  warning: ['!', 'warning'],
  waiting: ['…', 'dim'],
} as const

function formatStep({ step, state, detail }: Step): string {
  const [mark, style] = marks[state]
  return `${styled(style, mark, process.stdout)} ${step}: ${detail}`
}
