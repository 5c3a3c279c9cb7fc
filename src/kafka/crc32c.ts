/** Castagnoli's polynomial, its bits reversed (RFC 3720, appendix B.4). */
const polynomial = 0x82f63b78
/** Bytes that are taken at once. */
const stride = 8

/** `tables[256 * k + byte]`: what a byte does to the sum, k bytes before the end of a stride. */
const tables = makeTables()

function makeTables(): Int32Array {
  const made = new Int32Array(256 * stride)
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ polynomial : sum >>> 1
    made[byte] = sum
  }
  for (let i = 256; i < made.length; i++) {
    const before = made[i - 256]!
    made[i] = made[before & 0xff]! ^ (before >>> 8)
  }
  return made
}

/**
 * The CRC-32C of the bytes from `start` to the end, as record batches of Kafka carry it; not the CRC-32 that zlib computes.
 */
export function crc32c(bytes: Buffer, start = 0): number {
  const t = tables
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const end = bytes.length
  let sum = -1
  let at = start
  for (const last = end - stride; at <= last; at += stride) {
    const first = sum ^ words.getInt32(at, true)
    const second = words.getInt32(at + 4, true)
    sum =
      t[1792 + (first & 0xff)]! ^
      t[1536 + ((first >>> 8) & 0xff)]! ^
      t[1280 + ((first >>> 16) & 0xff)]! ^
      t[1024 + (first >>> 24)]! ^
      t[768 + (second & 0xff)]! ^
      t[512 + ((second >>> 8) & 0xff)]! ^
      t[256 + ((second >>> 16) & 0xff)]! ^
      t[second >>> 24]!
  }
  for (; at < end; at++) sum = t[(sum ^ bytes[at]!) & 0xff]! ^ (sum >>> 8)
  return ~sum >>> 0
}
