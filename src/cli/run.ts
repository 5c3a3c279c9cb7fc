import { readConfig } from '../config/read-config.ts'
import { asPgstreamError } from '../errors.ts'
import type { CommandLogger } from '../telemetry/pino-logger.ts'
import { buildPipeline } from './build-pipeline.ts'
import type { BuiltPipeline } from './build-pipeline.ts'
import { commandLogger } from './command-logger.ts'
import { countChanges } from './count-changes.ts'
import { warnOfDoubtfulPatterns } from './doubtful-patterns.ts'
import type { Flags } from './parse-arguments.ts'
import type { Program } from './program.ts'
import { streamUntilStopped } from './stream-until-stopped.ts'

export const run: Program = (flags) => runConfigured(flags)

/** Streams what the settings ask for; from a recorded file if one is given. */
export async function runConfigured(flags: Flags, recording?: string): Promise<number> {
  const read = readConfig({ flags, environment: process.env, unavailable: 'refuse' })
  const logger = commandLogger(read)
  const built = buildPipeline(read, logger, recording)
  const ended = new AbortController()
  const warned = recording === undefined ? warnOfDoubtfulPatterns(read, logger, ended.signal) : null
  try {
    await stream(built, logger)
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

async function stream(
  { listener, stages, processor, about }: BuiltPipeline,
  logger: CommandLogger,
): Promise<void> {
  const startedAt = performance.now()
  logger.info(about, 'connecting; Ctrl-C stops')
  const counts = countChanges(listener)
  await streamUntilStopped({ listener, stages, processor }, logger)
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  logger.info({ ...counts, seconds }, 'stopped: everything that was read is delivered and confirmed')
}
