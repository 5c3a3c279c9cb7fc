import { pino } from 'pino'
import { prettyFactory } from 'pino-pretty'
import { describeError } from './describe-error.ts'
import type { Logger } from './logger.ts'
import { scrub } from './scrub.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'disabled'

export interface LoggerOptions {
  readonly level: LogLevel
  /** For people; one JSON object per line otherwise. */
  readonly pretty: boolean
  readonly colour?: boolean
  /** stderr if not given: stdout belongs to the stdout processor. */
  readonly destination?: { write(line: string): void }
}

/** The command alone has errors that end it. */
export interface CommandLogger extends Logger {
  fatal(fields: object, message: string): void
}

/**
 * A logger that writes at once, so that a line before an exit is not lost. URLs lose their user and password wherever
 * they appear, keys that are called after a secret lose their value, errors are described without a stack above the
 * debug level.
 */
export function createLogger({ level, pretty, colour = false, destination }: LoggerOptions): CommandLogger {
  const output = destination ?? stderr()
  const withStack = level === 'debug' || level === 'trace'
  return pino(
    {
      level: level === 'disabled' ? 'silent' : level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => scrubFields(fields, withStack),
      },
      hooks: {
        logMethod([fields, message, ...rest], log) {
          log.apply(this, [fields, message === undefined ? message : scrub(String(message)), ...rest])
        },
      },
    },
    pretty ? prettyOutput(colour, output) : output,
  )
}

/** Not its stream: that one writes later, and a line before an exit would be lost. */
function prettyOutput(
  colorize: boolean,
  output: Required<LoggerOptions>['destination'],
): pino.DestinationStream {
  const toText = prettyFactory({ colorize, singleLine: true, translateTime: 'SYS:HH:MM:ss' })
  return { write: (line) => output.write(toText(line)) }
}

function stderr(): pino.DestinationStream {
  const output = pino.destination({ dest: 2, sync: true })
  // whoever read the log has gone; the changes go on
  output.on('error', () => undefined)
  return output
}

const secretKey = /password|secret|token|authorization|api_?key/i

function scrubFields(fields: Record<string, unknown>, withStack: boolean): Record<string, unknown> {
  const clean = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return scrub(value)
    if (typeof value === 'bigint') return String(value)
    if (value instanceof Error) return describeError(value, { stack: withStack })
    if (typeof value !== 'object' || value === null || value instanceof Date) return value
    if (depth > 3) return '[…]'
    if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1))
    return cleanObject(value, depth + 1)
  }
  const cleanObject = (object: object, depth: number): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(object).map(([key, value]) => [key, secretKey.test(key) ? '***' : clean(value, depth)]),
    )
  return cleanObject(fields, 0)
}
