import { readConfig } from '../config/read-config.ts'
import type { ConfigRead } from '../config/read-config.ts'
import { asPgstreamError } from '../telemetry/as-pgstream-error.ts'
import type { CommandLogger } from '../telemetry/pino-logger.ts'
import { buildPipeline } from './build-pipeline.ts'
import type { BuiltPipeline } from './build-pipeline.ts'
import { commandLogger } from './command-logger.ts'
import { examineSettings } from './examine-settings.ts'
import { countChanges, countPassed } from './count-changes.ts'
import { warnOfDoubtfulPatterns } from './doubtful-patterns.ts'
import { showLiveLine } from './live-line.ts'
import type { Flags } from './parse-arguments.ts'
import type { Program } from './program.ts'
import { streamUntilStopped } from './stream-until-stopped.ts'
import { watchStream } from './watch-stream.ts'

export const run: Program = (flags) => runConfigured(flags)

/** Streams what the settings ask for; from a recorded file if one is given. */
export async function runConfigured(flags: Flags, recording?: string): Promise<number> {
  const read = readConfig({
    flags,
    environment: process.env,
    examine: examineSettings,
  })
  const logger = commandLogger(read)
  const built = buildPipeline(read, logger, recording)
  const ended = new AbortController()
  const warned = recording === undefined ? warnOfDoubtfulPatterns(read, logger, ended.signal) : null
  try {
    await stream(read, built, logger)
    return 0
  } catch (error) {
    const { code, message, exitCode } = asPgstreamError(error)
    if (code === 'PGSTREAM_STDOUT_CLOSED') {
      logger.info({ code }, message)
      return exitCode
    }
    if (process.stderr.isTTY || read.config.command.logLevel === 'disabled') {
      logger.debug({ error }, 'stopped by an error')
      throw error // for main to print, for people
    }
    logger.fatal({ error }, 'stopped by an error')
    return exitCode
  } finally {
    ended.abort()
    await warned
  }
}

async function stream(read: ConfigRead, built: BuiltPipeline, logger: CommandLogger): Promise<void> {
  const { listener, stages, processor, about } = built
  const startedAt = performance.now()
  logger.info(about, 'connecting; Ctrl-C stops')
  const counts = countChanges(listener)
  const passed = countPassed([listener, ...stages].at(-1)!)
  const streaming = streamUntilStopped({ listener, stages, processor }, logger)
  const watching = watchStream(read, built, { counts, passed }, logger)
  watching.catch((error: Error) => listener.destroy(error))
  const line = watching.then(
    ({ watch }) => (hasRoomForLine(read) ? showLiveLine(process.stderr, watch) : null),
    () => null,
  )
  try {
    await streaming
  } finally {
    const takeAway = await line
    takeAway?.()
    await watching.then(({ close }) => close()).catch(() => undefined)
  }
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  const { rows, schemaChanges, messages } = counts
  logger.info(
    { rows, schemaChanges, messages, seconds },
    'stopped: everything that was read is delivered and confirmed',
  )
}

/** Not where the changes themselves run over the screen. */
const hasRoomForLine = ({ config }: ConfigRead): boolean =>
  !(config.stdoutWriter.enabled && process.stdout.isTTY) && config.command.logLevel !== 'disabled'
