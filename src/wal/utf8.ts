import { slabs } from './slab.ts'

/** A longer text gets memory of its own. */
const mostLength = 8 * 1024
const mostBytesOfOne = 3

/**
 * The text as UTF-8. Short ones share slabs of memory: `Buffer.from` has slabs of a few rows only, and measures each text
 * before it writes it (test/bench/README.md).
 */
export function utf8(text: string): Buffer {
  if (text.length > mostLength) return Buffer.from(text)
  const bytes = slabs.withRoom(text.length * mostBytesOfOne)
  const start = slabs.used
  const end = start + bytes.write(text, start)
  slabs.use(end)
  return bytes.subarray(start, end)
}
