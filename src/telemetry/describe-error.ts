import { PgstreamError } from '../errors.ts'
import { codeOf, foreignMessage, knownMessage } from './foreign-message.ts'
import { scrub } from './scrub.ts'

/** What a person or a log is told of an error. No secrets, no values of rows. */
export interface ErrorDescription {
  /** Ours, Postgres' or the system's. */
  readonly code?: string
  readonly message: string
  readonly remedy?: string
  /** The messages of the causes, outermost first, without those that the message repeats. */
  readonly cause?: string
  readonly stack?: string
}

/**
 * A stack helps nobody who mistyped a host: it comes with `stack: true`, and with errors that must not happen.
 */
export function describeError(error: unknown, options: { stack?: boolean } = {}): ErrorDescription {
  if (!(error instanceof Error)) return { message: foreignMessage(error) }
  const code = codeOf(error)
  const message = error instanceof PgstreamError ? error.message : foreignMessage(error)
  const cause = causesOf(error)
    .flatMap((each) => (each instanceof PgstreamError ? each.message : (knownMessage(each) ?? [])))
    .filter((text, place, all) => !message.includes(text) && all.indexOf(text) === place)
    .join(': ')
  const isBug = !(error instanceof PgstreamError) || error.code === 'PGSTREAM_INTERNAL'
  const stack = options.stack || isBug ? deepestStack(error) : undefined
  return {
    ...(code === undefined ? {} : { code }),
    message: scrub(message),
    ...(error instanceof PgstreamError ? { remedy: scrub(error.remedy) } : {}),
    ...(cause === '' ? {} : { cause: scrub(cause) }),
    ...(stack === undefined ? {} : { stack: scrub(stack) }),
  }
}

function causesOf(error: Error): Error[] {
  const causes: Error[] = []
  for (let { cause } = error; cause instanceof Error && !causes.includes(cause); { cause } = cause) {
    causes.push(cause)
  }
  return causes
}

/** Of where it happened, not of where it was wrapped, and without the message, which is told anyway. */
function deepestStack(error: Error): string | undefined {
  const { stack } = causesOf(error).at(-1) ?? error
  const frames = stack?.split('\n').filter((line) => /^ +at /.test(line))
  return frames?.join('\n')
}
