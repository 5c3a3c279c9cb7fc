import { setTimeout as pause } from 'node:timers/promises'

/**
 * Calls `look` until it neither throws nor returns false or null, and resolves with what it returned. Rejects after
 * `timeoutMs` (30 s: a busy machine is no failure) with what the last look said. Let `look` assert, and the failure says what was awaited.
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  options: { timeoutMs?: number; every?: number; about?: string } = {},
): Promise<Exclude<T, false | null>> {
  const { timeoutMs = 30_000, every = 20, about = 'the awaited condition' } = options
  const deadline = performance.now() + timeoutMs
  for (;;) {
    let last: unknown
    try {
      const seen: T = await look()
      if (seen !== false && seen !== null) return seen as Exclude<T, false | null>
      last = `it was ${String(seen)}`
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline) {
      const sentence = last instanceof Error ? last.message : String(last)
      throw new Error(`${about} did not come true within ${timeoutMs} ms: ${sentence}`, { cause: last })
    }
    await pause(every)
  }
}
