import { asPgstreamError } from '../telemetry/as-pgstream-error.ts'
import { describeError } from '../telemetry/describe-error.ts'
import { styled } from './styled.ts'

export interface PrintErrorOptions {
  /** As one JSON object on stdout, for a script that asked for that. */
  readonly json: boolean
}

/** Tells a person, or a script, what went wrong and what to do about it. No secrets. */
export function printError(error: unknown, { json }: PrintErrorOptions): void {
  const said = describeError(asPgstreamError(error))
  if (json) {
    process.stdout.write(`${JSON.stringify({ ok: false, error: said })}\n`)
    return
  }
  const { message, cause, remedy, code } = said
  const lines = [
    `${styled('bad', 'error:', process.stderr)} ${message}`,
    ...(cause === undefined ? [] : [`cause: ${cause}`]),
    ...(remedy === undefined ? [] : [`${styled('strong', 'remedy:', process.stderr)} ${remedy}`]),
    ...(code === undefined ? [] : [styled('dim', `code: ${code}`, process.stderr)]),
    ...(said.stack === undefined ? [] : [styled('dim', said.stack, process.stderr)]),
  ]
  process.stderr.write(`${lines.join('\n')}\n`)
}
