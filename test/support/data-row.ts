/**
 * A row of a query, as the server sends it: null or a text for each column
 * (https://www.postgresql.org/docs/current/protocol-message-formats.html).
 */
export function dataRow(...values: readonly (string | null)[]): Buffer {
  const columns = values.map((value) => {
    const bytes = Buffer.from(value ?? '')
    const length = Buffer.alloc(4)
    length.writeInt32BE(value === null ? -1 : bytes.length)
    return Buffer.concat([length, bytes])
  })
  const head = Buffer.alloc(7)
  head[0] = 'D'.charCodeAt(0)
  head.writeInt16BE(values.length, 5)
  const frame = Buffer.concat([head, ...columns])
  frame.writeInt32BE(frame.length - 1, 1)
  return frame
}
