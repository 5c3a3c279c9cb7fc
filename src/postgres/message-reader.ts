import { PgstreamError } from '../errors.ts'
import { lsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'

/** Between Postgres' epoch, 2000-01-01, and Unix'. */
const postgresEpochMicros = 946_684_800_000_000

/**
 * Reads the fields of one replication message, integers big-endian
 * (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html).
 * @throws {PgstreamError} PGSTREAM_PROTOCOL when the message is shorter than what is read from it.
 */
export class MessageReader {
  bytes: Buffer = Buffer.alloc(0)
  at = 0

  reset(bytes: Buffer): void {
    this.bytes = bytes
    this.at = 0
  }

  /** Moves on by `length` bytes and gives where they begin. */
  advance(length: number): number {
    const start = this.at
    if (length < 0 || start + length > this.bytes.length) {
      throw new PgstreamError(
        'PGSTREAM_PROTOCOL',
        `a replication message of type ${this.#type()} ends after ${this.bytes.length} bytes, in the middle of a field`,
      )
    }
    this.at = start + length
    return start
  }

  uint8(): number {
    return this.bytes[this.advance(1)]!
  }

  uint16(): number {
    return this.bytes.readUInt16BE(this.advance(2))
  }

  uint32(): number {
    return this.bytes.readUInt32BE(this.advance(4))
  }

  int32(): number {
    return this.bytes.readInt32BE(this.advance(4))
  }

  lsn(): Lsn {
    return lsn(this.bytes.readBigUInt64BE(this.advance(8)))
  }

  /** Microseconds since 1970; exact until the year 2255. */
  time(): number {
    return Number(this.bytes.readBigInt64BE(this.advance(8))) + postgresEpochMicros
  }

  /** Text up to a zero byte. */
  text(): string {
    const end = this.bytes.indexOf(0, this.at)
    const start = this.advance((end < 0 ? this.bytes.length : end) - this.at + 1)
    return this.bytes.toString('utf8', start, end)
  }

  /** @throws {PgstreamError} PGSTREAM_PROTOCOL when something is left over. */
  end(): void {
    if (this.at !== this.bytes.length) {
      throw new PgstreamError(
        'PGSTREAM_PROTOCOL',
        `a replication message of type ${this.#type()} has ${this.bytes.length - this.at} bytes too many`,
      )
    }
  }

  #type(): string {
    return this.bytes.length === 0 ? '(empty)' : JSON.stringify(String.fromCharCode(this.bytes[0]!))
  }
}
