import { PgstreamError } from '../errors.ts'
import { runPipeline } from '../pipeline/run-pipeline.ts'
import type { PipelineParts } from '../pipeline/run-pipeline.ts'
import type { CommandLogger } from '../telemetry/pino-logger.ts'
import { stopSignals } from './signals.ts'
import { keepHeapSmall } from '../wal/allocate.ts'

const stopDeadlineMs = 30_000
/** How long connections may take to close once everything undelivered is dropped. */
const closeDeadlineMs = 2_000

/**
 * Streams until the listener ends. The first Ctrl-C stops reading and delivers what was read; a second one, or 30 seconds,
 * drops it.
 * @throws {PgstreamError} PGSTREAM_STOPPED_HARD when something was dropped; else what ended the stream.
 */
export async function streamUntilStopped(
  parts: Omit<PipelineParts, 'signal'>,
  logger: CommandLogger,
): Promise<void> {
  const abort = new AbortController()
  const stopListening = stopSignals({
    deadlineMs: stopDeadlineMs,
    onFirst: (signal) => {
      logger.info({ signal }, 'stopping: what was read is delivered first; once more stops at once')
      parts.listener.stop()
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
  try {
    keepHeapSmall()
    await runPipeline({ ...parts, signal: abort.signal })
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
