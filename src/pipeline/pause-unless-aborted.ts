import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

/** Waits between two attempts. Rejects with the signal's reason as soon as it is aborted. */
export async function pauseUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  // many requests that failed at once pause at once, and each listens until its pause is over
  setMaxListeners(0, signal)
  try {
    await pause(ms, undefined, { signal })
  } catch (error) {
    throw signal.reason ?? error
  }
}
