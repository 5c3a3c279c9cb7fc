/** Before a value of a tuple stands what it is, and before a text its length. */
const nullFormat: number = 'n'.charCodeAt(0)
const textFormat: number = 't'.charCodeAt(0)
/** The first byte of a length of -1, which says null in a DataRow. No value has a gigabyte: other lengths begin with 0x40 at most. */
const nullLength = 0xff
/** Of the count of columns, with which a row begins, and of a length. */
export const countBytes = 2
const lengthBytes = 4

/**
 * Rows that Postgres printed come in two forms that differ in what stands before each value: a tuple of pgoutput
 * (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html) has a letter and, for a text, its
 * length; a DataRow of a query (https://www.postgresql.org/docs/current/protocol-message-formats.html) has a length
 * only. The first byte tells which.
 */
export function isNullAt(bytes: Buffer, at: number): boolean {
  const first = bytes[at]
  return first === nullFormat || first === nullLength
}

/** Where the value begins that is announced at `at`. */
export function valueAt(bytes: Buffer, at: number): number {
  const first = bytes[at]
  if (first === textFormat) return at + 1 + lengthBytes
  return first === nullFormat ? at + 1 : at + lengthBytes
}

/** Where a value ends that is not null and begins at `start`. */
export const valueEnd = (bytes: Buffer, start: number): number =>
  start + bytes.readInt32BE(start - lengthBytes)

/** What is printed in a column of the row at `row`; null for null. */
export function printedText(bytes: Buffer, row: number, column: number): string | null {
  let at = row + countBytes
  for (let i = 0; ; i++) {
    const isNull = isNullAt(bytes, at)
    const start = valueAt(bytes, at)
    at = isNull ? start : valueEnd(bytes, start)
    if (i === column) return isNull ? null : bytes.toString('utf8', start, at)
  }
}
