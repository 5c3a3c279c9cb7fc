/** A longer text gets memory of its own. */
const mostLength = 8 * 1024
const slabBytes = 128 * 1024
const mostBytesOfOne = 3

let slab: Buffer = Buffer.alloc(0)
let used = 0

/**
 * The text as UTF-8. Short ones share slabs of memory, which are let go of when the last of them is: `Buffer.from`
 * has slabs of a few rows only, and measures each text before it writes it (test/bench/README.md).
 */
export function utf8(text: string): Buffer {
  if (text.length > mostLength) return Buffer.from(text)
  if (used + text.length * mostBytesOfOne > slab.length) {
    slab = Buffer.allocUnsafeSlow(slabBytes)
    used = 0
  }
  const start = used
  used += slab.write(text, used)
  return slab.subarray(start, used)
}
