/** Castagnoli's polynomial, its bits reversed (RFC 3720, appendix B.4). */
const polynomial = 0x82f63b78

/**
 * Fills `tables` for CRC-32C: `tables[256 * k + byte]` is what a byte does to the sum, k bytes before the end of a stride.
 * As many strides of 256 as there is room for.
 */
export function fillTables(tables: Int32Array): Int32Array {
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ polynomial : sum >>> 1
    tables[byte] = sum
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256]!
    tables[i] = tables[before & 0xff]! ^ (before >>> 8)
  }
  return tables
}
