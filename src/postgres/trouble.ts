import type { Logger } from '../telemetry/logger.ts'

interface Report {
  readonly what: string
  readonly command: string
  readonly object: string | null
  readonly sqlstate: string
  readonly message: string
}

/** lock_not_available: the trigger did not want to wait; the next look at the replica identities does it. */
const postponed = '55P03'

/** Logs what a trigger could not do, as its message says it. Anybody can forge such a message: it is only shown. */
export function tellTrouble(logger: Logger, text: string): void {
  const report = readReport(text)
  if (!report) {
    logger.error({ report: text }, 'a trigger of pgstream failed')
  } else if (report.sqlstate === postponed) {
    logger.warn(report, 'a trigger of pgstream left a table to pgstream run, which looks every minute')
  } else {
    const remedy =
      report.what === 'schema log'
        ? 'Mend the cause, then select pgstream.refresh_schema(name of the schema).'
        : 'Give the table a primary key: until then its updates and deletes may fail.'
    logger.error({ ...report, remedy }, 'a trigger of pgstream failed; the command of the user did not')
  }
}

function readReport(text: string): Report | null {
  try {
    const { what, command, object, sqlstate, message } = JSON.parse(text) as Report
    const all: unknown[] = [what, command, sqlstate, message]
    return all.every((part) => typeof part === 'string') ? { what, command, object, sqlstate, message } : null
  } catch {
    return null
  }
}
