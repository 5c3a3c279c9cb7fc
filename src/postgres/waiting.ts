import { setTimeout as pause } from 'node:timers/promises'
import { PgstreamError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import type { ReportStep, Step } from './step.ts'

/** How long a whole command may wait for others, and whom it tells meanwhile. */
export interface Patience {
  /** Compared with `performance.now()`. */
  readonly until: number
  readonly signal: AbortSignal | undefined
  readonly report: ReportStep
  /** What giving up means: the command's own code for "not everything is done". */
  readonly code: ErrorCode
}

/** What a caller of `init` or `tear-down` says of its waiting. */
export interface WaitOptions {
  readonly report?: ReportStep | undefined
  readonly waitTimeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** The patience of one command, from now on; `steps` gets everything that it reports but the waiting. */
export function patienceOf(options: WaitOptions, code: ErrorCode, steps: Step[]): Patience {
  const report: ReportStep = (step) => {
    if (step.state !== 'waiting') steps.push(step)
    options.report?.(step)
  }
  const until = performance.now() + (options.waitTimeoutMs ?? Infinity)
  return { until, signal: options.signal, report, code }
}

export interface Wait {
  readonly step: string
  /** What is waited for, as a sentence without its end; null when there is nothing left. */
  readonly look: () => Promise<string | null>
  readonly remedy: string
  /** Settles when it is worth looking before the next pause is over. */
  readonly woken?: Promise<unknown>
}

const firstPauseMs = 100
const longestPauseMs = 2_000
const tellEveryMs = 5_000
/** What is over sooner is not worth a word. */
const firstTellMs = 500

/**
 * Looks again and again until nothing is left to wait for, and tells what that is, soon and then every few seconds.
 * @throws {PgstreamError} with the code of the patience when it ends, or when its signal fires.
 */
export async function waitUntilFree({ step, look, remedy, woken }: Wait, patience: Patience): Promise<void> {
  let told = performance.now() - tellEveryMs + firstTellMs
  let pauseMs = firstPauseMs
  for (;;) {
    const awaited = await look()
    if (awaited === null) return
    if (performance.now() >= patience.until || patience.signal?.aborted) {
      const reason = patience.signal?.aborted ? 'Stopped' : 'Gave up waiting'
      throw new PgstreamError(patience.code, `${reason} at "${step}": ${awaited}.`, { remedy })
    }
    if (performance.now() - told >= tellEveryMs) {
      told = performance.now()
      patience.report({ step, state: 'waiting', detail: awaited })
    }
    const left = Math.max(1, patience.until - performance.now())
    await nap(Math.min(pauseMs, left), patience.signal, woken)
    pauseMs = Math.min(longestPauseMs, pauseMs * 1.5)
  }
}

async function nap(
  ms: number,
  signal: AbortSignal | undefined,
  woken: Promise<unknown> | undefined,
): Promise<void> {
  const over = new AbortController()
  const signals = signal ? [over.signal, signal] : [over.signal]
  const paused = pause(ms, undefined, { signal: AbortSignal.any(signals) }).catch(() => undefined)
  await Promise.race(woken ? [paused, woken] : [paused])
  over.abort()
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function listInWords(items: readonly string[], most = 5): string {
  const shown = items.slice(0, most)
  const rest = items.length - shown.length
  if (rest > 0) return `${shown.join(', ')} and ${rest} more`
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`
}
