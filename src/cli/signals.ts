export interface StopSignalsOptions {
  /** Stop in order. */
  readonly onFirst: (signal: NodeJS.Signals) => void
  /** Stop now: somebody asked again, or the deadline has passed. */
  readonly onSecond: (reason: NodeJS.Signals | 'deadline') => void
  /** From the first signal on. */
  readonly deadlineMs: number
}

/** Not SIGHUP: listening to it would undo nohup. */
const signals = ['SIGINT', 'SIGTERM'] as const

/** One Ctrl-C arrives twice under npm and npx: from the terminal, and handed on by them. */
const samePressMs = 300

/**
 * Listens for the wish to stop, twice; a third signal ends the process as if nobody listened. Returns what makes it
 * listen no more.
 */
export function stopSignals({ onFirst, onSecond, deadlineMs }: StopSignalsOptions): () => void {
  let firstAt: number | undefined
  let deadline: NodeJS.Timeout | undefined
  const release = (): void => {
    clearTimeout(deadline)
    for (const signal of signals) process.off(signal, onSignal)
  }
  const stopNow = (reason: NodeJS.Signals | 'deadline'): void => {
    release()
    onSecond(reason)
  }
  const onSignal = (signal: NodeJS.Signals): void => {
    if (firstAt === undefined) {
      firstAt = performance.now()
      deadline = setTimeout(() => stopNow('deadline'), deadlineMs)
      onFirst(signal)
    } else if (performance.now() - firstAt > samePressMs) {
      stopNow(signal)
    }
  }
  for (const signal of signals) process.on(signal, onSignal)
  return release
}
