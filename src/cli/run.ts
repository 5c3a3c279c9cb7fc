import { readConfig } from '../config/read-config.ts'
import { asPgstreamError, PgstreamError } from '../errors.ts'
import { runPipeline } from '../pipeline/run-pipeline.ts'
import type { CommandLogger } from '../telemetry/pino-logger.ts'
import { buildPipeline } from './build-pipeline.ts'
import type { BuiltPipeline } from './build-pipeline.ts'
import { commandLogger } from './command-logger.ts'
import { countChanges } from './count-changes.ts'
import type { Program } from './program.ts'
import { stopSignals } from './signals.ts'

const stopDeadlineMs = 30_000
/** How long connections may take to close once everything undelivered is dropped. */
const closeDeadlineMs = 2_000

export const run: Program = async (flags) => {
  const read = readConfig({ flags, environment: process.env, unavailable: 'refuse' })
  const logger = commandLogger(read)
  const built = buildPipeline(read, logger)
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
  }
}

async function stream({ listener, processor, about }: BuiltPipeline, logger: CommandLogger): Promise<void> {
  const abort = new AbortController()
  const startedAt = performance.now()
  const stopListening = stopSignals({
    deadlineMs: stopDeadlineMs,
    onFirst: (signal) => {
      logger.info({ signal }, 'stopping: what was read is delivered first; once more stops at once')
      listener.stop()
    },
    onSecond: (reason) => {
      const error = stoppedHard(reason)
      abort.abort(error)
      setTimeout(() => {
        logger.fatal({ error }, 'stopped by force')
        process.exit(error.exitCode)
      }, closeDeadlineMs).unref()
    },
  })
  logger.info(about, 'streaming; Ctrl-C stops')
  try {
    const counts = countChanges(listener)
    await runPipeline({ listener, processor, signal: abort.signal })
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10
    logger.info({ ...counts, seconds }, 'stopped: everything that was read is delivered and confirmed')
  } catch (error) {
    throw abort.signal.aborted ? abort.signal.reason : error
  } finally {
    stopListening()
  }
}

const stoppedHard = (reason: NodeJS.Signals | 'deadline'): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_STOPPED_HARD',
    reason === 'deadline'
      ? `What was read could not be delivered within ${stopDeadlineMs / 1000} seconds.`
      : `A second ${reason} stopped pgstream before everything it had read was delivered.`,
  )
