import { PgstreamError } from '../errors.ts'
import { asPgstreamError } from '../telemetry/as-pgstream-error.ts'
import { version } from '../telemetry/version.ts'
import { commandOf } from './commands.ts'
import type { CommandName } from './commands.ts'
import { commandHelp, generalHelp } from './help.ts'
import { parseArguments } from './parse-arguments.ts'
import { printError } from './print-error.ts'
import type { Program } from './program.ts'

/** Loaded when called: help needs no database driver. */
const programs: Readonly<Record<Exclude<CommandName, 'help'>, () => Promise<Program>>> = {
  init: async () => (await import('./init.ts')).init,
  check: async () => (await import('./check.ts')).check,
  status: async () => (await import('./status.ts')).status,
  run: async () => (await import('./run.ts')).run,
  demo: async () => (await import('./demo.ts')).demo,
  record: async () => (await import('./record.ts')).record,
  replay: async () => (await import('./replay.ts')).replay,
  'webhook-listen': async () => (await import('./webhook-listen.ts')).webhookListen,
  'dead-letters': async () => (await import('./dead-letters.ts')).deadLetters,
  backfill: async () => (await import('./backfill.ts')).backfill,
  'tear-down': async () => (await import('./tear-down.ts')).tearDown,
}

/** Runs one command line. Resolves with the exit code; everything that goes wrong is printed. */
export async function runMain(argv: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe)
  const json = argv.includes('--json') // counts even if the rest cannot be understood
  const fail = (error: unknown): number => {
    printError(error, { json })
    return asPgstreamError(error).exitCode
  }
  process.on('uncaughtException', (error) => process.exit(fail(error)))
  const exitCode = await execute(argv).catch(fail)
  // a line that nobody reads must not keep a failed command alive
  if (exitCode !== 0) process.exit(exitCode)
  return exitCode
}

async function execute(argv: readonly string[]): Promise<number> {
  const { command, argument, flags } = parseArguments(argv)
  if (flags['version'] === true) return print(version)
  if (command === undefined) {
    if (flags['help'] === true || Object.keys(flags).length === 0) return print(generalHelp())
    throw new PgstreamError('PGSTREAM_USAGE', 'A command is missing.')
  }
  if (flags['help'] === true) return print(commandHelp(command))
  if (command.name !== 'help') return (await programs[command.name]())(flags, argument)
  if (argument === undefined) return print(generalHelp())
  return print(commandHelp(commandOf(argument)!))
}

function print(text: string): number {
  process.stdout.write(`${text}\n`)
  return 0
}

/** `pgstream help | head -1` ends without a word; the stdout processor looks after its own. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') process.exitCode = 1
}
