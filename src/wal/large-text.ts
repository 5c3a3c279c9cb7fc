/**
 * A long text of a large row, as the bytes that Postgres sent: a string would take their memory again, twice where it is
 * not Latin, and JavaScript has none of more than half a gigabyte.
 */
export class LargeText {
  /** UTF-8; part of the memory of its row. */
  readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** @throws {Error} ERR_STRING_TOO_LONG: of more than `buffer.constants.MAX_STRING_LENGTH` characters. */
  toString(): string {
    return this.bytes.toString('utf8')
  }

  toJSON(): string {
    return this.toString()
  }
}
