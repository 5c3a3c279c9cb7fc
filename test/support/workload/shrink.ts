/**
 * A shorter list that still fails, found by leaving out ever smaller parts; the shortest that was found within the time.
 * The idea is that of delta debugging.
 */
export async function shrink<T>(
  list: readonly T[],
  fails: (shorter: readonly T[]) => Promise<boolean>,
  timeMs: number,
): Promise<readonly T[]> {
  const deadline = performance.now() + timeMs
  let current = list
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < current.length;) {
      if (performance.now() > deadline) return current
      const shorter = [...current.slice(0, from), ...current.slice(from + size)]
      if (shorter.length < current.length && (await fails(shorter))) current = shorter
      else from += size
    }
  }
  return current
}
