/** What an operation in a queue takes beside its bytes: 290 to 355 were measured (objects, views, list places). */
const bookkeepingBytes = 300
/** Weights differ by so much: there are few of them then, and no operation has one of its own. */
const step = 64
const largestShared = 64 * 1024

const counted = Buffer.alloc(largestShared)
const shared: (Buffer | undefined)[] = []

/**
 * Stands for an operation in Node's queue, which counts a chunk by its length: as long as the memory that the operation
 * takes. A guard that counted the bytes alone let rows of 100 bytes take four times its limit.
 */
export function weightOf(bytes: Buffer): Buffer {
  const steps = Math.ceil((bytes.length + bookkeepingBytes) / step)
  if (steps * step > largestShared) return bytes
  return (shared[steps] ??= counted.subarray(0, steps * step))
}
