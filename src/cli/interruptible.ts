import { PgstreamError } from '../errors.ts'
import { stopSignals } from './signals.ts'

/** The server may be slow to let go of a statement that waits. */
const deadlineMs = 5_000

/**
 * Runs a task that can be cut and run again: Ctrl-C aborts it, a second one or five seconds end the process.
 * @throws {PgstreamError} PGSTREAM_STOPPED_HARD when it was cut.
 */
export async function interruptible<T>(
  name: string,
  task: (signal: AbortSignal) => Promise<T>,
  tell: (error: PgstreamError) => void,
): Promise<T> {
  const abort = new AbortController()
  const stopped = (cause?: unknown): PgstreamError =>
    new PgstreamError('PGSTREAM_STOPPED_HARD', `pgstream ${name} was stopped before it was done.`, {
      remedy: `Run pgstream ${name} again: it goes on where it was stopped.`,
      cause,
    })
  const release = stopSignals({
    deadlineMs,
    onFirst: () => abort.abort(),
    onSecond: () => {
      const error = stopped()
      tell(error)
      process.exit(error.exitCode)
    },
  })
  try {
    return await task(abort.signal)
  } catch (error) {
    throw abort.signal.aborted ? stopped(error) : error
  } finally {
    release()
  }
}
