/**
 * The partition that Kafka's own Java client gives a key: murmur2 of its bytes, made positive, modulo the number of
 * partitions (`org.apache.kafka.clients.producer.internals.BuiltInPartitioner`). So other producers of the same keys
 * agree with us.
 */
export function partitionForKey(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

const seed = 0x9747b28c
const factor = 0x5bd1e995

/** The variant of 32 bits, as in `org.apache.kafka.common.utils.Utils.murmur2`; a signed number. */
function murmur2(bytes: Buffer): number {
  const { length } = bytes
  let hash = seed ^ length
  const whole = length & ~3
  for (let i = 0; i < whole; i += 4) {
    let word = Math.imul(bytes.readInt32LE(i), factor)
    word ^= word >>> 24
    hash = Math.imul(hash, factor) ^ Math.imul(word, factor)
  }
  const rest = length - whole
  if (rest === 3) hash ^= bytes[whole + 2]! << 16
  if (rest >= 2) hash ^= bytes[whole + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ bytes[whole]!, factor)
  hash = Math.imul(hash ^ (hash >>> 13), factor)
  return hash ^ (hash >>> 15)
}
